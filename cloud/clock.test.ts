import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { needsProgram } from "../test/harness/needs.ts";
import { productVersions } from "./api/admin/rpc/protocol/operation.ts";
import { locally } from "./ctl/connection.ts";
import { keptMs } from "./domain/instances/lifetime.ts";
import { query } from "./store/kysely.ts";
import { hello } from "./testing/access-point.ts";
import { makeKey } from "./testing/admin-api.ts";
import { commander } from "./testing/commands.ts";
import { startCompany } from "./testing/company.ts";
import { startTestDomain } from "./testing/domain.ts";
import { makeAccount, refusal, signIn } from "./testing/person.ts";
import { spawnServer } from "./testing/process.ts";
import { type RawCall, rawClient } from "./testing/raw.ts";
import { clientsOf, startServer } from "./testing/server.ts";

const hour = 3_600_000;
const day = 24 * hour;

test("a wrong clock deletes nothing for a while; time that really passes does", async () => {
  let domain = await startTestDomain();
  const { clock, directory } = domain;
  onTestFinished(() => domain.close());
  const { id } = await commander(domain.context)<{ id: string }>("instance create", {
    name: "Ending",
    cidrs: ["10.93.0.0/24"],
  });
  await query(domain.context.store)
    .updateTable("instance")
    .set({ end_time: clock.now() + hour })
    .where("id", "=", id)
    .execute();
  const isThere = async () =>
    (await query(domain.context.store).selectFrom("instance").select("id").where("id", "=", id).execute()).length > 0;
  /** Runs for this many hours, like a server. */
  const run = async (hours: number) => {
    for (let i = 0; i < hours; i++) {
      clock.advance(hour);
      await domain.context.sweeper.settle();
    }
  };
  const restart = async () => {
    await domain.stop();
    domain = await startTestDomain(clock, directory);
  };
  // Wrong at start, as with an empty CMOS battery, and corrected three days later.
  await domain.stop();
  clock.jump(60 * day);
  domain = await startTestDomain(clock, directory);
  expect(domain.lines.map(({ message }) => message)).toContainEqual(expect.stringContaining("the clock is far ahead"));
  await run(36);
  await restart();
  await run(36);
  expect(await isThere()).toBe(true);
  clock.jump(-60 * day);
  await run(1);
  expect(await isThere()).toBe(true);
  // Changed while the server runs.
  clock.jump(60 * day);
  await run(1);
  expect(domain.lines.map(({ message }) => message)).toContainEqual(expect.stringContaining("the clock was set"));
  expect(await isThere()).toBe(true);
  clock.jump(-60 * day);
  // The clock is right again: released 7 days after the end of the term.
  const rest = Math.floor((keptMs - 3 * day) / hour);
  await run(rest - 24);
  expect(await isThere()).toBe(true);
  await run(48);
  expect(await isThere()).toBe(false);
}, 30_000);

test("a signed change cannot be replayed after the clock was set ahead and back", async () => {
  const server = await startServer();
  onTestFinished(() => server.close());
  const key = await makeKey(server);
  const send = async (call: RawCall) => {
    const client = rawClient(server, key);
    return client.ask(call).finally(client.close);
  };
  const create = (name: string): RawCall => ({
    action: "CreateCen",
    version: productVersions.cbn,
    fields: { Name: name },
    nonce: randomUUID(),
    at: server.clock.now(),
  });
  const captured = create("captured");
  expect(await send(captured)).toMatchObject({ status: 200 });
  // Ahead for longer than any nonce is kept, then back: neither the nonces in memory nor those in the store may be gone.
  server.clock.jump(3 * hour);
  expect(await send(create("ahead"))).toMatchObject({ status: 200 });
  server.clock.jump(-3 * hour);
  expect(await send(create("back"))).toMatchObject({ status: 200 });
  expect(await send(captured)).toMatchObject({ code: "SignatureNonceUsed" });
});

test("setting the clock back does not sign out a client that missed the answer to a refresh", async () => {
  const { server, instance } = await startCompany("anna.test");
  onTestFinished(() => server.close());
  const anna = await signIn(server, instance.code, "anna.test");
  const { client } = clientsOf(server.running.url);
  const refresh = (refreshToken: string) => client.refresh({ hello, refreshToken, deviceId: anna.device.id });
  const lost = await refresh(anna.tokens.refresh);
  server.clock.jump(-hour);
  const again = await refresh(anna.tokens.refresh);
  expect(again.signedIn?.tokens?.refreshToken).toBe(lost.signedIn?.tokens?.refreshToken);
  // A much later reuse of the token is still treated as theft.
  server.clock.jump(-hour);
  const next = await refresh(again.signedIn?.tokens?.refreshToken ?? "");
  server.clock.advance(31_000);
  expect((await refusal(refresh(again.signedIn?.tokens?.refreshToken ?? ""))).word).toBe("sign_in_expired");
  expect((await refusal(refresh(next.signedIn?.tokens?.refreshToken ?? ""))).word).toBe("sign_in_expired");
  await makeAccount(server, instance.id, "bruno.test");
});

test("a server that starts 60 days ahead keeps an instance with a term of a month", async (context) => {
  needsProgram(context, "faketime");
  // faketime itself starts a child and waits; preload its library without it.
  const found = spawnSync("faketime", ["-f", "+0", "printenv", "LD_PRELOAD"], { encoding: "utf8" });
  const pretend = ["env", `LD_PRELOAD=${found.stdout.trim()}`, "FAKETIME=+60d", "FAKETIME_DONT_FAKE_MONOTONIC=1"];
  const directory = mkdtempSync(join(tmpdir(), "sag-cloud-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const first = await spawnServer(directory);
  const ask = locally(directory);
  const parameters = { RegionId: "cn-shanghai", ChargeType: "PREPAY", Period: "1", DataPlan: "5", UserCount: "5" };
  await ask("api call", {
    product: "smartag",
    action: "CreateSmartAccessGatewaySoftware",
    parameters: { ...parameters, AutoPay: "true" },
  });
  await first.kill("SIGTERM");
  const ahead = await spawnServer(directory, undefined, [], pretend);
  expect(await ask("instance list", {})).toHaveLength(1);
  const { stderr } = await ahead.kill("SIGTERM");
  expect(stderr).toContain("the clock is far ahead");
  const last = await spawnServer(directory);
  expect(await ask("instance list", {})).toHaveLength(1);
  await last.kill("SIGTERM");
}, 30_000);
