import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { needsRoot } from "../../../test/harness/needs.ts";

it("a user without HOME and without an entry in the user database has a home directory", (context) => {
  needsRoot(context);
  const script = `import(${JSON.stringify(join(import.meta.dirname, "home.ts"))}).then((home) => console.log(home.cacheDir()))`;
  // A user id without an entry, as in `docker run --user`.
  const ran = execFileSync(process.execPath, ["-e", script], { uid: 54_321, gid: 54_321, env: {}, encoding: "utf8" });
  expect(ran.trim()).toBe("/.cache/sag");
});
