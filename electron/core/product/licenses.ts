import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const file = "THIRD_PARTY_LICENSES.txt";

/**
 * The licences of what is built into this program and into sag-tunnel, as the build writes them beside both; "" in a checkout
 * that has not been built.
 */
export function thirdPartyLicenses(): string {
  // From dist/sag.mjs, dist/chunks/x.mjs and electron/core/product/licenses.ts alike, dist/ is above.
  for (let dir = import.meta.dirname; ; dir = dirname(dir)) {
    for (const place of [dir, join(dir, "dist")]) {
      const found = [join(place, file), join(place, "native", file)].filter((path) => existsSync(path));
      if (found.length > 0) return found.map((path) => readFileSync(path, "utf8")).join("\n");
    }
    if (dir === dirname(dir)) return "";
  }
}
