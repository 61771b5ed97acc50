import { afterAll, expect, test } from "vitest";
import { at } from "../../build/lib/root.ts";
import { needsProgram } from "../harness/needs.ts";
import { createWorkspace, endProcessesOf } from "../harness/workspace.ts";
import { startIn } from "./started.ts";

/** Limit until the window shows its page after a build, ms. */
const limit = 5_000;

const workspace = createWorkspace("start");
afterAll(async () => {
  await endProcessesOf(workspace.dir);
  workspace.remove();
});

test("npm start opens the window at once after a build", async (context) => {
  needsProgram(context, "xvfb-run");
  const { ms, bars } = await startIn(at(), workspace);
  console.info(`built: ${ms} ms to the window`);
  expect(ms).toBeLessThan(limit);
  // An app window, not a browser tab.
  expect(bars).toBeLessThan(40);
});
