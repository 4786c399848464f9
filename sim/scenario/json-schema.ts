// The schema as editors read it: JSON Schema of what a scenario file may say.

import { z } from "zod";
import { ScenarioSchema } from "./schema.ts";

/** JSON Schema, draft 2020-12. */
export function jsonSchema(): object {
  return z.toJSONSchema(ScenarioSchema, { io: "input" });
}
