import { randomBytes } from "node:crypto";
import type { Clock } from "../base/clock.ts";
import { newId, newUid } from "../base/ids.ts";
import { hostPrefix } from "../base/ip.ts";
import { AttemptLimiter, accountRules, secondFactorRules, unknownRules } from "../security/attempts.ts";
import { TokenMint } from "../security/tokens.ts";
import type { Store } from "../store/open.ts";
import { type DesiredPeer, PeerBoard } from "./accesspoints/board.ts";
import { loadAccessPoints } from "./accesspoints/register.ts";
import { AccessPoints, graceMs } from "./accesspoints/registry.ts";
import type { Context, Log } from "./context.ts";
import { newDefaults } from "./instances/defaults.ts";
import { sweepInstances } from "./instances/lifetime.ts";
import type { Mailer } from "./mailer.ts";
import { prune } from "./pruning.ts";
import { sweep } from "./sessions/ending.ts";
import { EventHub } from "./sessions/events.ts";
import { Presence } from "./sessions/presence.ts";
import { destinationsOf, loadProfile, type Profile, profileChanged } from "./sessions/profile.ts";
import { Wakeup } from "./sessions/wakeup.ts";

/** Makes the context from the store: what is there from the first start on, and what the last process left. */
export async function startDomain(store: Store, clock: Clock, log: Log, mailer: Mailer): Promise<Context> {
  await ensureDefaults(store, clock.now());
  const accessPoints = new AccessPoints(clock);
  const context: Context = {
    store,
    clock,
    log,
    mint: new TokenMint(await serverSecret(store)),
    mailer,
    attempts: {
      account: new AttemptLimiter(accountRules, clock),
      unknown: new AttemptLimiter(unknownRules, clock),
      secondFactor: new AttemptLimiter(secondFactorRules, clock),
    },
    ula: await ownRange(store),
    // Grows from process to process, so that no access point takes this one's revisions for a former one's.
    board: new PeerBoard(clock.now()),
    accessPoints,
    events: new EventHub(),
    presence: new Presence(),
    sweeper: new Wakeup(
      clock,
      () => sweepAll(context),
      (error) => log("error", "what ran out could not be ended; trying again", { error: String(error) }),
    ),
  };
  await loadAccessPoints(context, graceMs);
  const next = await sweepAll(context);
  context.board.load(await runningPeers(context));
  if (next !== undefined) context.sweeper.by(next);
  accessPoints.onChange = (ccnId) => void ccnChanged(context, ccnId);
  return context;
}

/** Leases and instances that ran out, and what was kept for long enough; answers with the next deadline (epoch ms). */
async function sweepAll(context: Context): Promise<number | undefined> {
  const deadlines = [await sweepInstances(context), await sweep(context), await prune(context)].filter(
    (at) => at !== undefined,
  );
  return deadlines.length === 0 ? undefined : Math.min(...deadlines);
}

async function ccnChanged(context: Context, ccnId: string): Promise<void> {
  try {
    const rows = await context.store.selectFrom("instance").select("id").where("ccn_id", "=", ccnId).execute();
    const heard = context.events.instances();
    for (const { id } of rows) if (heard.has(id)) await profileChanged(context, id);
  } catch (error) {
    context.log("error", "could not tell sessions of a change", { ccn: ccnId, error: String(error) });
  }
}

async function ensureDefaults(store: Store, now: number): Promise<void> {
  await store.transaction().execute(async (tx) => {
    if (await tx.selectFrom("tenant").select("id").where("is_default", "=", 1).executeTakeFirst()) return;
    const tenant = { id: newId("tnt"), uid: newUid(), name: "default", is_default: 1, created_at: now };
    await tx.insertInto("tenant").values(tenant).execute();
    await newDefaults(tx, tenant.id, now);
  });
}

/** First 48 bits of a unique local range (RFC 4193), made once. */
async function ownRange(store: Store): Promise<bigint> {
  const value = `fd${randomBytes(5).toString("hex")}`;
  await store
    .insertInto("setting")
    .values({ name: "ula", value })
    .onConflict((c) => c.doNothing())
    .execute();
  const row = await store.selectFrom("setting").select("value").where("name", "=", "ula").executeTakeFirstOrThrow();
  return BigInt(`0x${row.value}`);
}

async function serverSecret(store: Store): Promise<Uint8Array> {
  await store
    .insertInto("keys.server_secret")
    .values({ name: "tokens", value: randomBytes(32) })
    .onConflict((c) => c.doNothing())
    .execute();
  const row = await store
    .selectFrom("keys.server_secret")
    .select("value")
    .where("name", "=", "tokens")
    .executeTakeFirstOrThrow();
  return row.value;
}

async function runningPeers({ store, accessPoints }: Context): Promise<DesiredPeer[]> {
  const sessions = await store
    .selectFrom("session")
    .innerJoin("account", "account.id", "session.account_id")
    .selectAll("session")
    .select(["account.bandwidth", "account.roamed_from"])
    .where("session.ended_at", "is", null)
    .execute();
  const keys = new Map<string, Map<string, Uint8Array>>();
  for (const row of await store.selectFrom("keys.preshared_key").selectAll().execute()) {
    const own = keys.get(row.session_id) ?? new Map<string, Uint8Array>();
    keys.set(row.session_id, own.set(row.access_point_id, new Uint8Array(row.value)));
  }
  const profiles = new Map<string, Profile | undefined>();
  const peers: DesiredPeer[] = [];
  for (const row of sessions) {
    const way = `${row.instance_id} ${row.roamed_from ?? ""}`;
    if (!profiles.has(way)) {
      profiles.set(way, await loadProfile(store, accessPoints, row.instance_id, row.roamed_from));
    }
    const profile = profiles.get(way);
    if (!profile) continue;
    peers.push({
      sessionId: row.id,
      instanceId: row.instance_id,
      ccnId: row.ccn_id,
      publicKey: new Uint8Array(row.public_key),
      addresses: [hostPrefix(row.client_ip), hostPrefix(row.client_ip6)],
      destinations: destinationsOf(profile),
      bandwidth: row.bandwidth * 1_000,
      leaseUntil: row.lease_until,
      incarnation: row.incarnation,
      keys: keys.get(row.id) ?? new Map(),
    });
  }
  return peers;
}
