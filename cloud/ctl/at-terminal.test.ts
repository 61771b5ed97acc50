import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Terminal } from "../../test/harness/terminal.ts";
import type { SessionView } from "../domain/sessions/listing.ts";
import { startCompany, type TestCompany } from "../testing/company.ts";
import { signIn } from "../testing/person.ts";
import { run } from "../testing/process.ts";

// Each command starts a process, which is slow on a busy host.
vi.setConfig({ testTimeout: 60_000 });

const user = "anna.test";
let company: TestCompany;
beforeAll(async () => {
  company = await startCompany(user);
});
afterAll(async () => {
  await company.here.disconnect();
  await company.server.close();
});

const dial = async (): Promise<void> => {
  await (await signIn(company.server, company.instance.code, user)).dial();
};
const openSessions = async (): Promise<number> =>
  ((await company.server.ask("session list", {})) as SessionView[]).length;

/** Answers the question of a command at a terminal; resolves to its exit code. */
async function answering(args: string[], question: string, answer: string): Promise<number> {
  const main = join(import.meta.dirname, "main.ts");
  const terminal = new Terminal([process.execPath, main, "--data", company.server.directory, ...args], process.env);
  await terminal.shows(question, 30_000);
  terminal.type(`${answer}\n`);
  return terminal.ended();
}

test("at a terminal, what cuts people off says how many sessions end, and does nothing without a yes", async () => {
  await dial();
  await dial();
  const locking = "Lock the instance At 10.86.0.0/24? This ends 2 open sessions.";
  expect(await answering(["instance", "lock", company.instance.id], locking, "")).toBe(130);
  const kicking = `End all sessions of ${user}? This ends 2 open sessions.`;
  expect(await answering(["account", "kick", user], kicking, "no")).toBe(130);
  expect(await openSessions()).toBe(2);
  expect(await answering(["account", "kick", user], kicking, "y")).toBe(0);
  expect(await openSessions()).toBe(0);
  const deleting = `Delete the account ${user}? No session is open.`;
  expect(await answering(["account", "delete", user], deleting, "n")).toBe(130);
});

test("--yes and a missing terminal skip the question", async () => {
  await dial();
  const main = join(import.meta.dirname, "main.ts");
  const args = ["--data", company.server.directory, "account", "kick", user];
  const terminal = new Terminal([process.execPath, main, ...args, "--yes"], process.env);
  expect([await terminal.ended(), await openSessions()]).toEqual([0, 0]);
  await dial();
  const script = await run("ctl/main.ts", args);
  expect([script, await openSessions()]).toEqual([{ code: 0, stdout: "Ended 1 session.\n", stderr: "" }, 0]);
});
