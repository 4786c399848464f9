// The board's interpreter, for the tests that want it.

export { interpreter } from "../../device/interpreter.ts";
