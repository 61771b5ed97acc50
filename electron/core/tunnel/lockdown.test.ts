import { rmSync } from "node:fs";
import { afterEach, beforeEach, expect, it } from "vitest";
import { until } from "../../../test/harness/wait.ts";
import { Failure } from "../causes/failure.ts";
import { createClient } from "../client/client.ts";
import type { ClientEvent } from "../client/model.ts";
import { type TestEnvironment, testEnvironment } from "../testing/environment.ts";
import { TestService } from "../testing/service.ts";
import { Lockdown } from "./lockdown.ts";

/** Lockdown as reported by a running service, and from the file of one that has ended. */
let environment: TestEnvironment;
let service: TestService;
beforeEach(() => {
  environment = testEnvironment();
  service = new TestService(environment);
});
afterEach(() => {
  service.close();
  environment.remove();
});

const on = { holds: "all", lockdown: "on", by: "policy" };
const left = (words: object): void => service.leave(JSON.stringify(words));
const ago = (ms: number): string => new Date(environment.now() - ms).toISOString();
const seen = () => new Lockdown(environment).view();

it("is read from the file without a service, which nobody can ask to turn it off", async () => {
  left({ ...on, since: ago(60_000), portal: "wlan0", portalUntil: ago(-30_000) });
  const view = await seen();
  expect(view).toMatchObject({ by: "policy", portal: { link: "wlan0" }, mayLift: false, mayOpenPortal: false });
  expect(view?.sinceMs).toBeGreaterThanOrEqual(60_000);
  expect(view?.portal?.leftMs).toBeLessThanOrEqual(30_000);
  const failed = await new Lockdown(environment).lift().catch((thrown) => thrown);
  expect(failed).toBeInstanceOf(Failure);
  expect(failed.code).toBe("service_not_running");
});

it.each([
  ["there is no file", null],
  ["it is off", { holds: "intranet", lockdown: "off", by: "policy" }],
  ["the file has another format", { lockdown: "on" }],
])("is off if %s", async (_, words) => {
  if (words) left(words);
  expect(await seen()).toBeNull();
});

it("is on even if the rest of the file is damaged", async () => {
  left({ ...on, by: "nobody\u001b[2J", since: "yesterday", portal: "wlan0", portalUntil: ago(1_000) });
  expect(await seen()).toEqual({ by: null, sinceMs: null, portal: null, mayLift: false, mayOpenPortal: false });
});

it("a running service reports the current state and the user's permissions", async () => {
  left({ ...on, since: ago(5_000) });
  await service.serve({
    lockdown: { on: true, by: "LOCKDOWN_BY_ADMINISTRATOR", maySet: true, portalLeft: "9.5s", portalLink: "eth0" },
  });
  expect(await seen()).toMatchObject({ by: "administrator", portal: { link: "eth0", leftMs: 9_500 }, mayLift: true });
  service.answer = { lockdown: { on: false } };
  expect(await seen()).toBeNull();
});

it("is reported to watchers, also if the service is installed later, and without a sign-in", async () => {
  const client = createClient({ environment });
  const events: ClientEvent[] = [];
  client.watch((event) => events.push(event));
  await until("the first word", () => events.length > 0);
  expect(events).toEqual([{ kind: "snapshot", states: [] }]);
  left(on);
  await until("on", () => events.at(-1)?.kind === "lockdown");
  expect(events.at(-1)).toMatchObject({ lockdown: { by: "policy" } });
  left({ holds: "none", lockdown: "off" });
  await until("off", () => events.length === 3);
  expect(events.at(-1)).toEqual({ kind: "lockdown", lockdown: null });
  rmSync(environment.serviceDir, { recursive: true });
  left(on);
  await until("on again", () => events.length === 4);
  client.close();
});
