import type { Transaction } from "kysely";
import { invalid, Refusal } from "../../base/cause.ts";
import { newHexId } from "../../base/ids.ts";
import { hostPrefix } from "../../base/ip.ts";
import { hashToken, newToken, type Secret } from "../../security/secret.ts";
import type { Schema } from "../../store/schema.ts";
import type { DesiredPeer } from "../accesspoints/board.ts";
import type { Context } from "../context.ts";
import { requireUsable, type SignInState } from "../signin/state.ts";
import { allocate } from "./addresses.ts";
import { describe, type SessionDescription, type SessionRow } from "./description.ts";
import { announceEnd, endSessions } from "./ending.ts";
import { noteDelivery, renewKeys } from "./keys.ts";
import { destinationsOf, loadProfile, type Profile } from "./profile.ts";

/** ms that Dial waits for the first access point's word. */
export const readyLimitMs = 300;

export interface DialQuestion {
  publicKey: Uint8Array;
  mode: string;
  /** "" = the cloud's order. */
  accessPointId: string;
}

interface Dialled {
  row: SessionRow;
  profile: Profile;
  keys: Map<string, Uint8Array>;
  ended: string[];
  peer: DesiredPeer;
}

/** A new session for a signed-in device; a former one of the same device and instance gives it its place and address. */
export async function dial(
  context: Context,
  signIn: SignInState,
  question: DialQuestion,
): Promise<{ session: SessionDescription; token: Secret }> {
  const { store, accessPoints, sweeper } = context;
  const token = newToken("sst");
  const dialled = await store.transaction().execute((tx) => enter(context, tx, signIn, question, token));
  const { row, profile, ended, peer } = dialled;
  const replaced = { cause: "replaced", text: signIn.deviceName } as const;
  const revision = announceEnd(context, ended, replaced, [{ peer, newKey: true }]);
  sweeper.by(row.lease_until);
  context.log("info", "session started", { session: row.id, account: signIn.accountId, clientIp: row.client_ip });
  await accessPoints.whenReady(row.ccn_id, question.accessPointId, revision, readyLimitMs);
  return { session: describe(context, row, profile, signIn), token };
}

async function enter(
  context: Context,
  tx: Transaction<Schema>,
  signIn: SignInState,
  question: DialQuestion,
  token: Secret,
): Promise<Dialled> {
  const { clock, accessPoints, ula } = context;
  const now = clock.now();
  requireUsable(signIn, now);
  const profile = await loadProfile(tx, accessPoints, signIn.instanceId, signIn.roamedFrom);
  if (!profile) throw new Refusal("sign_in_expired", "This intranet does not exist any more.");
  const { ccnId } = profile;
  const offered = accessPoints.offered(ccnId);
  if (offered.length === 0) throw new Refusal("no_access_point", "No access point is connected to the cloud instance.");
  const chosen = question.accessPointId;
  if (chosen !== "" && !accessPoints.inCcn(ccnId).some((state) => state.id === chosen)) {
    throw invalid("access_point_id", "There is no such access point.");
  }
  const others = await makeRoom(context, tx, signIn, profile);
  const { ip, ip6 } = await allocate(tx, {
    ula,
    ccnId,
    instanceId: signIn.instanceId,
    deviceId: signIn.deviceId,
    fixed: signIn.clientIp,
    now,
  });
  const id = newHexId();
  const row = {
    id,
    account_id: signIn.accountId,
    instance_id: signIn.instanceId,
    ccn_id: ccnId,
    device_id: signIn.deviceId,
    sign_in_id: signIn.id,
    mode: question.mode,
    public_key: question.publicKey,
    token_hash: hashToken(token.reveal()),
    client_ip: ip,
    client_ip6: ip6,
    incarnation: 1,
    chosen_access_point: chosen,
    started_at: now,
    renewed_at: now,
    lease_until: leaseEnd(now, profile, signIn),
    ended_at: null,
    ended_cause: null,
    ended_text: null,
  };
  const twin = await tx
    .selectFrom("session")
    .select("id")
    .where("ccn_id", "=", ccnId)
    .where("public_key", "=", question.publicKey)
    .where("ended_at", "is", null)
    .executeTakeFirst();
  if (twin) throw invalid("public_key", "Another session has this public key.");
  await tx.insertInto("session").values(row).execute();
  const held = {
    instance_id: signIn.instanceId,
    device_id: signIn.deviceId,
    session_id: id,
    held_until: 0,
    blocked_until: 0,
  };
  await tx
    .insertInto("address")
    .values({ ccn_id: ccnId, ip, ip6, ...held })
    .onConflict((c) => c.columns(["ccn_id", "ip"]).doUpdateSet({ ip6, ...held }))
    .execute();
  const keys = await renewKeys(tx, id, accessPoints.inCcn(ccnId));
  await noteDelivery(tx, id, accessPoints.inCcn(ccnId));
  const peer: DesiredPeer = {
    sessionId: id,
    instanceId: signIn.instanceId,
    ccnId,
    publicKey: question.publicKey,
    addresses: [hostPrefix(ip), hostPrefix(ip6)],
    destinations: destinationsOf(profile),
    bandwidth: signIn.bandwidth * 1_000,
    leaseUntil: row.lease_until,
    incarnation: 1,
    keys,
  };
  return { row, profile, keys, ended: others, peer };
}

/** A lease never outlives the sign-in it was given on. */
export function leaseEnd(now: number, profile: Profile, signIn: SignInState): number {
  return Math.min(now + profile.policy.leaseSeconds * 1_000, signIn.expiresAt);
}

/** Ends what the new session replaces, and refuses if the account has its number of devices already. */
async function makeRoom(
  context: Context,
  tx: Transaction<Schema>,
  signIn: SignInState,
  profile: Profile,
): Promise<string[]> {
  const now = context.clock.now();
  const running = await tx
    .selectFrom("session")
    .leftJoin("device", (join) =>
      join.onRef("device.account_id", "=", "session.account_id").onRef("device.id", "=", "session.device_id"),
    )
    .select([
      "session.id",
      "session.account_id",
      "session.device_id",
      "session.client_ip",
      "session.started_at",
      "device.name",
    ])
    .where("session.instance_id", "=", signIn.instanceId)
    .where((e) => e.or([e("session.account_id", "=", signIn.accountId), e("session.device_id", "=", signIn.deviceId)]))
    .where("session.ended_at", "is", null)
    .execute();
  const gives = (s: (typeof running)[number]) =>
    s.device_id === signIn.deviceId || (s.account_id === signIn.accountId && signIn.clientIp !== null);
  const rest = running.filter((s) => !gives(s));
  if (rest.length >= profile.policy.devicesPerAccount) {
    throw new Refusal("session_limit", `This account is connected on ${rest.length} devices, which is its limit.`, {
      sessions: rest.map((s) => ({
        sessionId: s.id,
        deviceName: s.name ?? "",
        ageMs: now - s.started_at,
        clientAddress: s.client_ip,
      })),
    });
  }
  const ids = running.filter(gives).map((s) => s.id);
  return endSessions(tx, context, ids, { cause: "replaced", text: signIn.deviceName });
}
