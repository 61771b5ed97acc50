import { randomBytes } from "node:crypto";
import { afterAll, expect, test } from "vitest";
import { query } from "../store/kysely.ts";
import { commander } from "../testing/commands.ts";
import { startTestDomain } from "../testing/domain.ts";
import { prepareDelivery } from "./accesspoints/delivery.ts";
import { registerAccessPoint } from "./accesspoints/register.ts";
import { administration } from "./administration.ts";

const domain = await startTestDomain();
const { context } = domain;
const admin = commander(context);
afterAll(() => domain.close());

const failures = () => domain.lines.filter(({ message }) => message.includes("follow-up action failed")).length;

test("a failing effect neither stops the others nor rolls back the change", async () => {
  const by = administration(context, { actor: "test", action: "test", nonce: undefined });
  const ran: string[] = [];
  const result = await by.change(async (change) => {
    await change.audit("something", null, {});
    change.after(async () => void ran.push("first"));
    change.after(async () => {
      throw new Error("this one fails");
    });
    // Not even a promise.
    change.after((() => {
      throw new Error("this one as well");
    }) as never);
    change.after(async () => void ran.push("last"));
    return "done";
  });
  expect(result).toBe("done");
  expect(ran).toEqual(["first", "last"]);
  expect(failures()).toBe(2);
  expect(await query(context.store).selectFrom("audit").select("target").execute()).toEqual([{ target: "something" }]);
});

test("sets a route even if connected clients cannot be notified", async () => {
  const { id } = await admin<{ id: string }>("instance create", { name: "Routes", cidrs: ["10.92.0.0/24"] });
  const before = failures();
  // Fails only in loading a profile, not in the change itself.
  context.accessPoints.inCcn = () => {
    throw new Error("out of order");
  };
  await query(context.store)
    .insertInto("session")
    .values({
      id: "1",
      account_id: "acc-1",
      instance_id: id,
      ccn_id: "ccn-1",
      device_id: "1",
      sign_in_id: "1",
      mode: "proxy",
      public_key: new Uint8Array(32),
      token_hash: "1",
      client_ip: "10.92.0.1",
      client_ip6: "fd00::1",
      incarnation: 1,
      chosen_access_point: "",
      started_at: 0,
      renewed_at: 0,
      lease_until: Number.MAX_SAFE_INTEGER,
      ended_at: null,
      ended_cause: null,
      ended_text: null,
    })
    .execute();
  await query(context.store)
    .insertInto("account")
    .values({
      id: "acc-1",
      instance_id: id,
      user_name: "anna.test",
      name_key: "anna.test",
      mail: "a@b.test",
      password_hash: "",
      must_change: 0,
      disabled: 0,
      bandwidth: 0,
      client_ip: null,
      created_at: 0,
    })
    .execute();
  await admin("route add", { instance: id, routes: ["10.77.0.0/16"] });
  expect(failures()).toBe(before + 1);
});

test("two streams of one access point use the same pre-shared key", async () => {
  const { token } = await admin<{ token: string }>("access-point token create", { uses: 1, lifetimeSeconds: 60 });
  delete (context.accessPoints as { inCcn?: unknown }).inCcn;
  const description = {
    name: "here",
    publicKey: new Uint8Array(randomBytes(32)),
    endpoints: [],
    mode: "userspace",
    region: "",
    bootId: "",
    accessLists: true,
    sharedAccessLists: true,
    accessListNames: true,
  };
  const { id } = await registerAccessPoint(context, token, description);
  const state = context.accessPoints.get(id);
  if (!state) throw new Error("it is not there");
  const peer = {
    sessionId: "1",
    instanceId: "",
    ccnId: state.ccnId,
    publicKey: new Uint8Array(32),
    addresses: [],
    destinations: [],
    lists: [],
    resolvers: [],
    flowLog: null,
    bandwidth: 0,
    accountId: "acc-1",
    leaseUntil: 0,
    incarnation: 1,
    keys: new Map<string, Uint8Array>(),
  };
  for (let n = 1; ; n++) {
    peer.keys = new Map();
    state.delivered.clear();
    await query(context.store).deleteFrom("keys.preshared_key").execute();
    const paused = await domain.pausedAt(n, () => prepareDelivery(context, state, [peer]));
    if (!paused.reached) break;
    // As after a renewal: the same session in a new object.
    const again = { ...peer, keys: new Map<string, Uint8Array>() };
    await prepareDelivery(context, state, [again]);
    await paused.finish();
    expect(peer.keys.get(id)).toBeDefined();
    expect(peer.keys.get(id)).toEqual(again.keys.get(id));
  }
  // A session that ended in the meantime gets no key.
  await query(context.store).updateTable("session").set({ ended_at: 1 }).where("id", "=", "1").execute();
  await query(context.store).deleteFrom("keys.preshared_key").execute();
  peer.keys = new Map();
  state.delivered.clear();
  await prepareDelivery(context, state, [peer]);
  expect(await query(context.store).selectFrom("keys.preshared_key").selectAll().execute()).toEqual([]);
});
