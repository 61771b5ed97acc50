import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { at } from "../../build/lib/root.ts";
import { needsProgram } from "../harness/needs.ts";
import { createWorkspace, endProcessesOf } from "../harness/workspace.ts";
import { startIn } from "./started.ts";

/** ms until the window is there with its page drawn, in a checkout that nothing has been built in. */
const limit = 90_000;

const workspace = createWorkspace("clean");
const checkout = join(workspace.dir, "checkout");
afterAll(async () => {
  await endProcessesOf(workspace.dir);
  workspace.remove();
});

/** As after `git clone` and `npm ci`. */
beforeAll(() => {
  execFileSync("git", ["clone", "--quiet", "--shared", at(), checkout]);
  symlinkSync(at("node_modules"), join(checkout, "node_modules"));
  // A Go that had to be fetched is the machine's, as one that was installed is.
  mkdirSync(join(checkout, ".cache"), { recursive: true });
  const go = ".cache/go1.26.8";
  if (existsSync(at(go))) symlinkSync(at(go), join(checkout, go));
});

test("npm start on a clean checkout builds, opens the app on a display, says on which host, and ends when it is told to", async (context) => {
  needsProgram(context, "xvfb-run");
  const { host, ms, said } = await startIn(checkout, workspace);
  expect(["electron", "standin"]).toContain(host);
  expect(said).toMatch(host === "electron" ? /opening the app on Electron/ : /stand-in, in Chromium/);
  expect(said).toContain("npm start -- --trial");
  console.info(`clean checkout: ${ms} ms to the window`);
  expect(ms).toBeLessThan(limit);
}, 120_000);
