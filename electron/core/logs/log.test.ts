import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Secret } from "../credentials/secret.ts";
import { testEnvironment } from "../testing/environment.ts";
import { Log, logDirOf } from "./log.ts";

let machine: ReturnType<typeof testEnvironment>;
beforeEach(() => {
  machine = testEnvironment();
});
afterEach(() => machine.remove());

it("writes lines of JSON, readable only for this user, without secrets", () => {
  new Log(machine).info("connected", { intranet: "a1b2", session: "s1", token: new Secret("hunter2") });
  const path = join(logDirOf(machine), "core.log");
  const line = JSON.parse(readFileSync(path, "utf8"));
  expect(line).toMatchObject({ level: "INFO", msg: "connected", session: "s1", token: "[redacted]" });
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

it("keeps three files of limited size", () => {
  const log = new Log(machine, undefined, 1_000);
  for (let count = 0; count < 100; count += 1) log.info("x".repeat(100), { count });
  const dir = logDirOf(machine);
  const names = readdirSync(dir).sort();
  expect(names).toEqual(["core.log", "core.log.1", "core.log.2"]);
  for (const name of names) expect(statSync(join(dir, name)).size).toBeLessThanOrEqual(1_000);
  expect(readFileSync(join(dir, "core.log"), "utf8")).toContain('"count":99');
});

it("ignores write errors", () => {
  const notices: string[] = [];
  const log = new Log({ ...machine, stateDir: "/proc/nowhere" }, (text) => notices.push(text));
  log.info("lost");
  log.info("lost too");
  expect(notices).toEqual([expect.stringMatching(/Nothing is being logged\.$/)]);
});
