import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { needsRoot } from "../../../test/harness/needs.ts";

it("a user without HOME who is in no user database has a home all the same", (context) => {
  needsRoot(context);
  const script = `import(${JSON.stringify(join(import.meta.dirname, "home.ts"))}).then((home) => console.log(home.cacheDir()))`;
  // An id that no database has, as in `docker run --user`.
  const ran = execFileSync(process.execPath, ["-e", script], { uid: 54_321, gid: 54_321, env: {}, encoding: "utf8" });
  expect(ran.trim()).toBe("/.cache/sag");
});
