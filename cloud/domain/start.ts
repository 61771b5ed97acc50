import { randomBytes } from "node:crypto";
import type { Clock } from "../base/clock.ts";
import { newId, newUid } from "../base/ids.ts";
import { hostPrefix } from "../base/ip.ts";
import type { Log } from "../base/log.ts";
import { TokenMint } from "../security/tokens.ts";
import type { Store } from "../store/db.ts";
import { instancesServedBy } from "../store/queries/ccns.ts";
import { allKeys } from "../store/queries/preshared-keys.ts";
import { accountedSessions } from "../store/queries/sessions.ts";
import { addSecret, addSetting } from "../store/queries/settings.ts";
import { findDefaultTenant, insertTenant } from "../store/queries/tenants.ts";
import type { DesiredPeer } from "../store/shared/peer-table.ts";
import type { Shared } from "../store/shared/shared.ts";
import { transaction } from "../store/transaction.ts";
import { DecidedPackets } from "./accesspoints/decided.ts";
import { loadAccessPoints } from "./accesspoints/register.ts";
import { AccessPoints, graceMs } from "./accesspoints/registry.ts";
import { attemptCounters } from "./attempts.ts";
import type { Context } from "./context.ts";
import { newDefaults } from "./instances/defaults.ts";
import { sweepInstances } from "./instances/lifetime.ts";
import type { Mailer } from "./mailer.ts";
import { Pruner } from "./pruning.ts";
import { LimitsInForce } from "./qos/limits.ts";
import { sweep } from "./sessions/ending.ts";
import { remakeLostKeys } from "./sessions/lost-keys.ts";
import { loadProfile, type Profile, profileChanged, reachOf } from "./sessions/profile.ts";
import { Wakeup } from "./sessions/wakeup.ts";
import { SettledTime } from "./settled.ts";
import { RecordBudget, refusalShares, signInShares } from "./signin/record-budget.ts";
import { RotationTimes } from "./signin/rotation.ts";

/** Creates the context from the store: writes defaults on the first start, and restores the state of the last process. */
export async function startDomain(
  store: Store,
  clock: Clock,
  log: Log,
  mailer: Mailer,
  shared: Shared,
): Promise<Context> {
  await ensureDefaults(store, clock.now());
  const accessPoints = new AccessPoints(clock);
  const keys = await remakeLostKeys(store);
  if (keys.remade > 0)
    log("warn", "pre-shared keys of running sessions were lost and replaced; clients will renew", {
      keys: keys.remade,
    });
  const context: Context = {
    store,
    clock,
    log,
    mint: new TokenMint(await serverSecret(store)),
    mailer,
    attempts: attemptCounters(shared),
    refusals: new RecordBudget(clock, refusalShares),
    signIns: new RecordBudget(clock, signInShares),
    settled: await SettledTime.load(store, clock, log),
    rotations: new RotationTimes(clock),
    ula: await ownRange(store),
    keysName: keys.name,
    peers: shared.peers,
    limits: new LimitsInForce(store, clock, log, shared.peers),
    accessPoints,
    decided: new DecidedPackets(),
    events: shared.events,
    presence: shared.presence,
    sweeper: new Wakeup(
      clock,
      () => sweepAll(context, pruner),
      (error) => log("error", "could not end expired sessions or instances; retrying", { error: String(error) }),
    ),
  };
  const pruner = new Pruner(context);
  await loadAccessPoints(context, graceMs);
  const next = await sweepAll(context, pruner);
  const peers = await runningPeers(context);
  context.peers.load(peers);
  for (const id of new Set(peers.map((peer) => peer.instanceId))) await context.limits.refresh(id);
  context.sweeper.by(next);
  accessPoints.onChange = (ccnId) => void ccnChanged(context, ccnId);
  return context;
}

/** Longest interval between sweeps, ms. */
const observeMs = 10 * 60_000;

/** Ends expired sessions, ends or deletes expired instances, and prunes old records. Returns the next deadline (epoch ms). */
async function sweepAll(context: Context, pruner: Pruner): Promise<number> {
  const settled = await context.settled.observe();
  const deadlines = [await sweepInstances(context, settled), await sweep(context)];
  await pruner.prune(settled);
  return Math.min(context.clock.now() + observeMs, ...deadlines.filter((at) => at !== undefined));
}

async function ccnChanged(context: Context, ccnId: string): Promise<void> {
  try {
    const heard = context.events.instances();
    for (const id of await instancesServedBy(context.store, ccnId))
      if (heard.has(id)) await profileChanged(context, id);
  } catch (error) {
    context.log("error", "could not notify sessions of a changed profile", { ccn: ccnId, error: String(error) });
  }
}

async function ensureDefaults(store: Store, now: number): Promise<void> {
  await transaction(store, async (tx) => {
    if (await findDefaultTenant(tx)) return;
    const tenant = { id: newId("tnt"), uid: newUid(), name: "default", isDefault: true };
    if (await insertTenant(tx, tenant, now)) await newDefaults(tx, tenant.id, now);
  });
}

/** First 48 bits of a random unique local range (RFC 4193), generated on the first start. */
async function ownRange(store: Store): Promise<bigint> {
  return BigInt(`0x${await addSetting(store, "ula", `fd${randomBytes(5).toString("hex")}`)}`);
}

const serverSecret = (store: Store): Promise<Uint8Array> => addSecret(store, "tokens", randomBytes(32));

async function runningPeers({ store, accessPoints }: Context): Promise<DesiredPeer[]> {
  const sessions = await accountedSessions(store, {});
  const keys = await allKeys(store);
  const profiles = new Map<string, Profile | undefined>();
  const peers: DesiredPeer[] = [];
  for (const row of sessions) {
    const way = `${row.instanceId} ${row.roamedFrom} ${row.aclId}`;
    if (!profiles.has(way)) {
      profiles.set(way, await loadProfile(store, accessPoints, row.instanceId, row));
    }
    const profile = profiles.get(way);
    if (!profile) continue;
    peers.push({
      sessionId: row.id,
      instanceId: row.instanceId,
      ccnId: row.ccnId,
      publicKey: new Uint8Array(row.publicKey),
      addresses: [hostPrefix(row.clientIp), hostPrefix(row.clientIp6)],
      ...reachOf(profile),
      bandwidth: row.bandwidth * 1_000,
      accountId: row.accountId,
      leaseUntil: row.leaseUntil,
      incarnation: row.incarnation,
      keys: keys.get(row.id) ?? new Map(),
    });
  }
  return peers;
}
