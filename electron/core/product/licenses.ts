import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const file = "THIRD_PARTY_LICENSES.txt";

/**
 * The licences of the components built into this program and into sag-tunnel, from the files that the build writes;
 * "" in a checkout without a build.
 */
export function thirdPartyLicenses(): string {
  // dist/sag.mjs, dist/chunks/x.mjs and electron/core/product/licenses.ts all have dist/ in or beside one of their
  // parents.
  for (let dir = import.meta.dirname; ; dir = dirname(dir)) {
    for (const place of [dir, join(dir, "dist")]) {
      const found = [join(place, file), join(place, "native", file)].filter((path) => existsSync(path));
      if (found.length > 0) return found.map((path) => readFileSync(path, "utf8")).join("\n");
    }
    if (dir === dirname(dir)) return "";
  }
}
