import { spawnSync } from "node:child_process";
import { appendFileSync } from "node:fs";
import type { TestContext } from "vitest";

/** Skips the test and records what it needs. */
export const notRunHere = (context: TestContext, needs: string): void => {
  const names: string[] = [];
  for (let task: { name: string; suite?: unknown } | undefined = context.task; task; ) {
    names.unshift(task.name);
    task = task.suite as typeof task;
  }
  const file = process.env.SAG_TEST_NOT_RUN;
  if (file) appendFileSync(file, `${JSON.stringify({ name: names.join(" "), needs })}\n`);
  context.skip(`not run: needs ${needs}`);
};

/** Skips the test if a program is missing. */
export const needsProgram = (context: TestContext, ...programs: string[]): void => {
  const path = `${process.env.PATH}:/usr/sbin:/sbin`;
  const missing = programs.find(
    (name) => spawnSync("sh", ["-c", `command -v ${name}`], { env: { PATH: path } }).status !== 0,
  );
  if (missing) notRunHere(context, missing);
};

/** Skips the test for an ordinary user. */
export const needsRoot = (context: TestContext): void => {
  if (process.getuid?.() !== 0) notRunHere(context, "root");
};

/** Skips the test for root, who bypasses permissions. */
export const needsOrdinaryUser = (context: TestContext): void => {
  if (process.getuid?.() === 0) notRunHere(context, "an ordinary user");
};
