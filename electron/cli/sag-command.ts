import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The path of the launcher that belongs to this program, quoted for a shell; `sag` from PATH if there is none. */
export function sagCommand(): string {
  for (const place of ["../bin/sag", "../../bin/sag", "../../../bin/sag"]) {
    const path = fileURLToPath(new URL(place, import.meta.url));
    if (existsSync(path) && !/["\\%\n$`]/.test(path)) return `"${path}"`;
  }
  return "sag";
}
