import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const file = "THIRD_PARTY_LICENSES.txt";

/**
 * The licences of what is built into this program, as the build writes them beside it; "" in a checkout
 * that has not been built.
 */
export function thirdPartyLicenses(): string {
  // From dist/sagctl.mjs, dist/chunks/x.mjs and cloud/base/licenses.ts alike, dist/ is above.
  for (let dir = import.meta.dirname; ; dir = dirname(dir)) {
    for (const place of [dir, join(dir, "dist")]) {
      const path = join(place, file);
      if (existsSync(path)) return readFileSync(path, "utf8");
    }
    if (dir === dirname(dir)) return "";
  }
}
