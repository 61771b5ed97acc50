import { afterAll, expect, test } from "vitest";
import { at } from "../../build/lib/root.ts";
import { needsProgram } from "../harness/needs.ts";
import { createWorkspace, endProcessesOf } from "../harness/workspace.ts";
import { startIn } from "./started.ts";

/** ms until the window is there with its page drawn, everything built. */
const limit = 5_000;

const workspace = createWorkspace("start");
afterAll(async () => {
  await endProcessesOf(workspace.dir);
  workspace.remove();
});

test("npm start, once built, opens the window at once", async (context) => {
  needsProgram(context, "xvfb-run");
  const { ms, bars } = await startIn(at(), workspace);
  console.info(`built: ${ms} ms to the window`);
  expect(ms).toBeLessThan(limit);
  // Its own window, no tab of a browser.
  expect(bars).toBeLessThan(40);
});
