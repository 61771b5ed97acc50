import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, it } from "vitest";
import { at } from "../../build/lib/root.ts";
import { command } from "../harness/command.ts";
import { portalText } from "../harness/intranet/plan.ts";
import { needsProgram, needsRoot } from "../harness/needs.ts";
import { within } from "../harness/wait.ts";
import { processesOf } from "../harness/workspace.ts";

/** Time limit of a trial once everything is built, ms; two at once on two cores take longer. */
const limit = 15_000;
const trial = [at("node_modules/.bin/node"), at("test/trial/main.ts"), "--json"];

/** Runs with its own directory for temporary files, and checks that neither files nor processes are left. */
const leavingNothing = async (work: (env: NodeJS.ProcessEnv) => Promise<void>): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), "t-"));
  try {
    await work({ ...process.env, TMPDIR: folder });
    expect(processesOf(folder)).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
};

const lastLine = (text: string): Record<string, unknown> => JSON.parse(text.trimEnd().split("\n").at(-1) ?? "");

it("two concurrent trials do not collide, and leave nothing behind", async () => {
  await leavingNothing(async (env) => {
    const both = await Promise.all([1, 2].map(() => command(trial, { env, limit: 4 * limit })));
    for (const done of both) {
      expect(done.code, done.stdout + done.stderr).toBe(0);
      expect(done.stdout).toContain(portalText);
      // Its rates are not those of an ordinary account.
      expect(done.stdout).toContain("account without the usual cap of 2,000 Kbit/s");
      expect(lastLine(done.stdout)).toMatchObject({ ok: true, portalUrl: "http://portal.trial.internal/" });
    }
  });
});

it("an unprivileged user without write access to the checkout reaches the intranet within the limit", async (context) => {
  needsRoot(context);
  needsProgram(context, "setpriv");
  const asNobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];
  const done = await command([...asNobody, ...trial], { limit: 2 * limit });
  expect(done.code, done.stdout + done.stderr).toBe(0);
  expect(done.took).toBeLessThan(limit);
});

it.each(["SIGINT", "SIGTERM"] as const)(
  "a trial with --keep ends with %s, and leaves nothing behind",
  async (signal) => {
    await leavingNothing(async (env) => {
      const [program = "", ...args] = trial;
      const kept = spawn(program, [...args, "--keep"], { env, stdio: ["ignore", "pipe", "inherit"] });
      const lines = createInterface({ input: kept.stdout });
      const result = await within(
        "the result",
        2 * limit,
        new Promise<Record<string, unknown>>((resolve) => {
          lines.on("line", (line) => line.startsWith("{") && resolve(JSON.parse(line)));
        }),
      );
      expect(result).toMatchObject({ ok: true });
      kept.kill(signal);
      await within("its end", limit, once(kept, "exit"));
    });
  },
);
