import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { afterAll, expect, test } from "vitest";
import { at } from "../../build/lib/root.ts";
import { needsProgram } from "../harness/needs.ts";
import { createWorkspace, endProcessesOf } from "../harness/workspace.ts";

const workspace = createWorkspace("start");
afterAll(async () => {
  await endProcessesOf(workspace.dir);
  workspace.remove();
});

/** ms until the window is there, once built, on a machine that has something else to do as well. */
const limit = 10_000;

test("npm start opens the app on a display, says on which host, and ends when it is told to", async (context) => {
  needsProgram(context, "xvfb-run");
  const child = spawn("xvfb-run", ["-a", at("node_modules/.bin/node"), at("build/start.ts"), "--json"], {
    env: workspace.home("person"),
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const said: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => said.push(line));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  try {
    const ready = await new Promise<{ host: string; pid: number; ms: number }>((resolve, reject) => {
      createInterface({ input: child.stdout }).on("line", (line) => resolve(JSON.parse(line)));
      void ended.then(() => reject(new Error(said.join("\n"))));
    });
    expect(["electron", "standin"]).toContain(ready.host);
    expect(said.join("\n")).toMatch(
      ready.host === "electron" ? /opening the app on Electron/ : /stand-in, in Chromium/,
    );
    expect(said.join("\n")).toContain("npm start -- --trial");
    expect(ready.ms).toBeLessThan(limit);
    process.kill(ready.pid, "SIGTERM");
    await ended;
  } finally {
    if (child.pid && child.exitCode === null) process.kill(-child.pid, "SIGTERM");
  }
});
