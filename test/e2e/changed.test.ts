import { execFileSync } from "node:child_process";
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { at } from "../../build/lib/root.ts";
import { copyCheckout } from "../harness/checkout.ts";
import { command } from "../harness/command.ts";
import { needsProgram } from "../harness/needs.ts";
import { createWorkspace } from "../harness/workspace.ts";

/** A minute, plus the time a loaded host takes to end tests that are cut off, ms. */
const limit = 90_000;

it("npm test -- --changed finds a broken test within a minute, and passes once it is fixed", async (context) => {
  needsProgram(context, "git");
  const workspace = createWorkspace("changed");
  const copy = join(workspace.dir, "checkout");
  await copyCheckout(copy);
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.com", ...args], {
      cwd: copy,
      stdio: "ignore",
    });
  git("init", "-q", "-b", "main");
  git("add", "-A");
  git("commit", "-q", "-m", "start");
  const run = () => command([at("node_modules/.bin/node"), join(copy, "test/run.ts"), "--changed"], { limit });
  const file = join(copy, "common/added.test.ts");
  const test = (expected: number) =>
    `import { expect, it } from "vitest";\n\nit("adds", () => expect(1 + 1).toBe(${expected}));\n`;
  try {
    writeFileSync(file, test(3));
    appendFileSync(
      join(copy, "native/internal/checksum/checksum_test.go"),
      "\nfunc TestAdded(t *testing.T) { t.Fatal(1) }\n",
    );
    const broken = await run();
    expect(broken.code, broken.stdout + broken.stderr).toBe(1);
    expect(broken.stderr).toContain("common/added.test.ts");
    expect(broken.stderr).toContain("TestAdded");
    git("checkout", "-q", "native");
    writeFileSync(file, test(2));
    const mended = await run();
    expect(mended.stdout + mended.stderr).toContain("unit tests of 1 files: 1 passed");
    expect(mended.code, mended.stdout + mended.stderr).toBe(0);
    const nothing = await command([at("node_modules/.bin/node"), join(copy, "test/run.ts"), "--changed", "nosuch"]);
    expect(nothing).toMatchObject({ code: 1, stderr: "there is no commit nosuch\n" });
  } finally {
    workspace.remove();
  }
}, 300_000);
