/** placeholder */
import { decodeUp } from "./wire.ts";
export function describe(frame: string, _direction: 0 | 1, tagBytes: number): string {
  return String(decodeUp(frame, tagBytes));
}
