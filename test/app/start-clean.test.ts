import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { at } from "../../build/lib/root.ts";
import { needsProgram } from "../harness/needs.ts";
import { createWorkspace, endProcessesOf } from "../harness/workspace.ts";
import { startIn } from "./started.ts";

/** Limit until the window shows its page in a clean checkout, ms. */
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
  // Shares the downloaded Go, as an installed one would be.
  mkdirSync(join(checkout, ".cache"), { recursive: true });
  const go = ".cache/go1.26.8";
  if (existsSync(at(go))) symlinkSync(at(go), join(checkout, go));
});

test("npm start in a clean checkout builds, opens the app, prints the host it runs on, and ends on SIGTERM", async (context) => {
  needsProgram(context, "xvfb-run");
  const { host, ms, output } = await startIn(checkout, workspace);
  expect(["electron", "standin"]).toContain(host);
  expect(output).toMatch(host === "electron" ? /opening the app on Electron/ : /stand-in, in Chromium/);
  expect(output).toContain("npm start -- --trial");
  console.info(`clean checkout: ${ms} ms to the window`);
  expect(ms).toBeLessThan(limit);
}, 120_000);
