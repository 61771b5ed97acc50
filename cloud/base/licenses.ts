import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const file = "THIRD_PARTY_LICENSES.txt";

/**
 * Third-party licences of this program, from the file that the build writes next to it; "" in a checkout that has not been
 * built.
 */
export function thirdPartyLicenses(): string {
  // dist/ is an ancestor of, or next to an ancestor of, dist/sagctl.mjs, dist/chunks/x.mjs and cloud/base/licenses.ts.
  for (let dir = import.meta.dirname; ; dir = dirname(dir)) {
    for (const place of [dir, join(dir, "dist")]) {
      const path = join(place, file);
      if (existsSync(path)) return readFileSync(path, "utf8");
    }
    if (dir === dirname(dir)) return "";
  }
}
