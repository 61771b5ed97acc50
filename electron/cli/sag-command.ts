import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The launcher beside this program, quoted for a shell, so that it works wherever it is called; else whatever is on PATH. */
export function sagCommand(): string {
  for (const place of ["../bin/sag", "../../bin/sag", "../../../bin/sag"]) {
    const path = fileURLToPath(new URL(place, import.meta.url));
    if (existsSync(path) && !/["\\%\n$`]/.test(path)) return `"${path}"`;
  }
  return "sag";
}
