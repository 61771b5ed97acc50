import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { at } from "../../build/lib/root.ts";
import { must } from "../harness/command.ts";
import { needsProgram, needsRoot } from "../harness/needs.ts";
import { until } from "../harness/wait.ts";
import { Campus, host4, type Mode } from "./campus.ts";
import type { Arrived } from "./counted.ts";
import { Stubborn } from "./stubborn.ts";

/**
 * What ends sessions ends them at the access points, whatever the client does: clients with a stock WireGuard keep
 * sending with the keys of their session, and are sent to.
 */
let campus: Campus | undefined;
let clients: Stubborn[] = [];

afterEach(async ({ task }) => {
  if (task.result?.state === "fail") console.error(campus?.logs());
  for (const client of clients) client.stop();
  clients = [];
  await campus?.end();
  campus = undefined;
});

/** How long after the change a packet may still pass, ms. */
const limit = 2_000;
/** How long to watch, ms. */
const watched = 4_000;
/** s; the shortest that the policy allows. */
const shortLease = 10;

/** The verbs of sagctl that end the session of an account. */
const endings: Record<string, (one: Campus, client: Stubborn) => Promise<unknown>> = {
  kick: (one, { name }) => one.site.sagctl(["account", "kick", name, "--reason", "lunch"]),
  ban: (one, { name }) => one.site.sagctl(["account", "kick", name, "--reason", "lost laptop", "--ban", "8h"]),
  disable: (one, { name }) => one.site.sagctl(["account", "disable", name]),
  password: (one, { name }) => one.site.sagctl(["account", "reset-password", name]),
  address: (one, { name }) => one.site.sagctl(["account", "set", name, "--client-ip", "10.78.0.200"]),
  delete: (one, { name }) => one.site.sagctl(["account", "delete", name]),
  session: (one, { session }) => one.site.sagctl(["session", "end", session.sessionId]),
};

const arrivals = async (one: Campus): Promise<Record<string, Arrived>> =>
  JSON.parse(await must(one.machines.on("hosts", ["curl", "-sS", "--max-time", "5", `http://${host4}:9303/`])));

/** When a packet of each kind passed last, epoch ms. */
const lastOf = async (one: Campus, client: Stubborn): Promise<Record<string, number>> => {
  const arrived = (await arrivals(one))[client.name];
  return {
    "a datagram from the client": arrived?.datagramAt ?? 0,
    "a piece of the client's stream": arrived?.streamAt ?? 0,
    "a datagram to the client": client.sent.datagramAt,
    "a piece of the stream to the client": client.sent.streamAt,
  };
};

const flows = async (one: Campus, client: Stubborn): Promise<boolean> =>
  Object.values(await lastOf(one, client)).every((time) => time > Date.now() - 500);

/** Waits until `end` (epoch ms) plus the time for which it is watched, and returns how long after `end` packets passed, ms. */
const passedAfter = async (one: Campus, client: Stubborn, end: number): Promise<number> => {
  await delay(Math.max(0, end + limit - Date.now()));
  const before = client.sent.datagrams;
  await delay(Math.max(0, end + watched - Date.now()));
  expect(client.sent.datagrams - before, `${client.name} keeps sending`).toBeGreaterThan(40);
  const last = await lastOf(one, client);
  for (const [what, time] of Object.entries(last)) {
    expect.soft(time - end, `${client.name}: ${what} after the end, ms`).toBeLessThanOrEqual(limit);
    expect.soft(time, `${client.name}: ${what} before the end`).toBeGreaterThan(end - 1_000);
  }
  return Math.max(...Object.values(last)) - end;
};

const begin = async (one: Campus, name: string): Promise<Stubborn> => {
  const client = new Stubborn(one, `${name}.stubborn`);
  clients.push(client);
  await client.start();
  await until(
    () => `${client.name} sends and receives`,
    () => flows(one, client),
  );
  return client;
};

describe.each<Mode>(["userspace", "routed", "nat"])("through %s access points", (mode) => {
  it("no packet of an ended session passes 2 s later", async (context) => {
    needsRoot(context);
    needsProgram(context, "ip", "wg", "curl");
    const one = new Campus();
    campus = one;
    await one.start(mode);
    const counted = [at("node_modules/.bin/node"), at("test/system/counted.ts"), host4];
    await one.processes.start({ name: "counted", command: one.machines.on("hosts", counted) });

    const bystander = await begin(one, "bystander");
    // The lease of a session ends no later than its sign-in.
    await one.site.sagctl(["policy", "set", "--sign-in", "60s"]);
    const expiring = await begin(one, "expiring");
    await one.site.sagctl(["policy", "set", "--sign-in", "30d"]);
    const results: string[] = [];
    for (const [name, act] of Object.entries(endings)) {
      const client = await begin(one, name);
      const from = Date.now();
      await act(one, client);
      const acted = Date.now() - from;
      const passed = await passedAfter(one, client, from);
      results.push(`${name}: the last packet passed ${passed} ms after sagctl was started, which took ${acted} ms`);
    }

    const expires = expiring.dialledAt + Number.parseFloat(expiring.session.lease) * 1_000;
    expect(expires - expiring.dialledAt).toBeLessThanOrEqual(60_000);
    results.push(`expiry: the last packet passed ${await passedAfter(one, expiring, expires)} ms after the end`);

    // Without a link to the cloud instance, an access point keeps sessions until their lease ends.
    await one.site.sagctl(["policy", "set", "--lease", `${shortLease}s`]);
    const unheard = await begin(one, "unheard");
    await one.machines.run("cloud", "ip link set wan down");
    const cut = Date.now();
    await one.site.sagctl(["account", "disable", unheard.name]);
    const leaseEnds = unheard.dialledAt + Number.parseFloat(unheard.session.lease) * 1_000;
    await passedAfter(one, unheard, leaseEnds);
    const last = Math.max(...Object.values(await lastOf(one, unheard)));
    results.push(
      `disabled while the cloud is cut off: packets passed for ${last - cut} ms, until ${last - leaseEnds} ms after the end of the lease`,
    );
    expect(await flows(one, bystander), "another session goes on").toBe(true);
    console.log(results.map((line) => `${mode}: ${line}`).join("\n"));
  }, 300_000);
});
