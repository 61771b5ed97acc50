import { invalid, Refusal } from "../../base/cause.ts";
import { newHexId } from "../../base/ids.ts";
import { hostPrefix } from "../../base/ip.ts";
import { say } from "../../base/say.ts";
import { hashToken, newToken, type Secret } from "../../security/secret.ts";
import type { Tx } from "../../store/db.ts";
import { lockAccount, lockCcn } from "../../store/locks.ts";
import { putAddress } from "../../store/queries/addresses.ts";
import { hasPublicKey, insertSession, namedSessions } from "../../store/queries/sessions.ts";
import type { Session } from "../../store/shapes.ts";
import { claim, reserveAll } from "../../store/shared/attempts.ts";
import type { DesiredPeer } from "../../store/shared/peer-table.ts";
import { transaction } from "../../store/transaction.ts";
import { chosenAccessPoint } from "../accesspoints/chosen.ts";
import type { Context } from "../context.ts";
import { requireStillUsable, type SignInState } from "../signin/state.ts";
import { allocate } from "./addresses.ts";
import { describe, type SessionDescription } from "./description.ts";
import { announceEnd, endSessions } from "./ending.ts";
import { noteDelivery, renewKeys } from "./keys.ts";
import { loadProfile, type Profile, reachOf } from "./profile.ts";

/** How long Dial waits for the first access point to acknowledge the peer, ms. */
export const readyLimitMs = 300;

export interface DialQuestion {
  publicKey: Uint8Array;
  mode: string;
  /** Id or name of the access point that the person chose; "" = the cloud's order. */
  accessPoint: string;
}

interface Dialled {
  row: Session;
  profile: Profile;
  keys: Map<string, Uint8Array>;
  ended: string[];
  peer: DesiredPeer;
}

/** Starts a session for a signed-in device. It replaces the device's former session in the instance and keeps that one's address. */
export async function dial(
  context: Context,
  signIn: SignInState,
  question: DialQuestion,
): Promise<{ session: SessionDescription; token: Secret }> {
  const { store, accessPoints, sweeper } = context;
  await countDial(context, signIn);
  const token = newToken("sst");
  const dialled = await transaction(store, (tx) => enter(context, tx, signIn, question, token));
  const { row, profile, ended, peer } = dialled;
  const replaced = { cause: "replaced", text: signIn.deviceName } as const;
  const revision = await announceEnd(context, ended, replaced, [{ peer, newKey: true }]);
  context.limits.refreshLater(row.instanceId); // they are not watched while the instance has no sessions
  sweeper.by(row.leaseUntil);
  context.log("info", "session started", { session: row.id, account: signIn.accountId, clientIp: row.clientIp });
  await accessPoints.whenReady(row.ccnId, row.chosenAccessPoint, revision, readyLimitMs);
  return { session: describe(context, row, profile, signIn), token };
}

/** Limits the rate of Dial: each one adds a row, wakes all access points and creates a key for each of them. */
async function countDial({ attempts }: Context, { accountId, deviceId }: SignInState): Promise<void> {
  const ms = await reserveAll(
    claim(attempts.deviceDial, `${accountId}|${deviceId}`),
    claim(attempts.accountDial, accountId),
  );
  if (ms > 0) {
    throw new Refusal("too_many_attempts", say("dial_too_often"), { retryAfterMs: ms });
  }
}

async function enter(
  context: Context,
  tx: Tx,
  before: SignInState,
  question: DialQuestion,
  token: Secret,
): Promise<Dialled> {
  const { clock, accessPoints, ula } = context;
  const now = clock.now();
  const signIn = await requireStillUsable(tx, before, now);
  const profile = await loadProfile(tx, accessPoints, signIn.instanceId, signIn);
  if (!profile) throw new Refusal("sign_in_expired", say("instance_gone"));
  const { ccnId } = profile;
  const offered = accessPoints.offered(ccnId);
  if (offered.length === 0) throw new Refusal("no_access_point", say("access_point_none"));
  const chosen = chosenAccessPoint(accessPoints.inCcn(ccnId), offered, question.accessPoint);
  // Row locks, so that concurrent Dials cannot exceed the device limit or choose the same address.
  await lockCcn(tx, ccnId);
  await lockAccount(tx, signIn.accountId);
  const others = await makeRoom(context, tx, signIn, profile);
  const { ip, ip6 } = await allocate(tx, {
    ula,
    ccnId,
    instanceId: signIn.instanceId,
    accountId: signIn.accountId,
    deviceId: signIn.deviceId,
    fixed: signIn.clientIp,
    now,
  });
  const id = newHexId();
  const row = {
    id,
    accountId: signIn.accountId,
    instanceId: signIn.instanceId,
    ccnId,
    deviceId: signIn.deviceId,
    deviceName: signIn.deviceName,
    signInId: signIn.id,
    mode: question.mode,
    publicKey: question.publicKey,
    tokenHash: hashToken(token.reveal()),
    clientIp: ip,
    clientIp6: ip6,
    incarnation: 1,
    chosenAccessPoint: chosen,
    startedAt: now,
    renewedAt: now,
    leaseUntil: leaseEnd(now, profile, signIn),
    endedAt: null,
    endedCause: null,
    endedText: null,
    endedReason: null,
  };
  if (await hasPublicKey(tx, ccnId, question.publicKey)) {
    throw invalid("public_key", say("public_key_taken"));
  }
  await insertSession(tx, row);
  const held = {
    instanceId: signIn.instanceId,
    deviceId: signIn.deviceId,
    sessionId: id,
    heldUntil: 0,
    blockedUntil: 0,
  };
  await putAddress(tx, { ccnId, ip, ip6, ...held });
  const keys = await renewKeys(tx, id, accessPoints.inCcn(ccnId));
  await noteDelivery(tx, id, accessPoints.inCcn(ccnId));
  const peer: DesiredPeer = {
    sessionId: id,
    instanceId: signIn.instanceId,
    ccnId,
    publicKey: question.publicKey,
    addresses: [hostPrefix(ip), hostPrefix(ip6)],
    ...reachOf(profile),
    bandwidth: signIn.bandwidth * 1_000,
    accountId: signIn.accountId,
    leaseUntil: row.leaseUntil,
    incarnation: 1,
    keys,
  };
  return { row, profile, keys, ended: others, peer };
}

/** How long after the term of an instance the leases end, ms, so that its sessions end with the reason before. */
const afterTermMs = 1_000;

/** End of a lease, epoch ms; no later than the end of its sign-in and the term of its instance. */
export function leaseEnd(now: number, profile: Profile, signIn: SignInState): number {
  const term = signIn.instanceEnd === null ? Number.POSITIVE_INFINITY : signIn.instanceEnd + afterTermMs;
  return Math.min(now + profile.policy.leaseSeconds * 1_000, signIn.expiresAt, term);
}

/** Ends the sessions that the new one replaces, then refuses if the account is still at its device limit. */
async function makeRoom(context: Context, tx: Tx, signIn: SignInState, profile: Profile): Promise<string[]> {
  const now = context.clock.now();
  const running = (await namedSessions(tx, signIn.accountId, { instanceId: signIn.instanceId })).reverse();
  const gives = (s: (typeof running)[number]) => s.deviceId === signIn.deviceId || signIn.clientIp !== null;
  const rest = running.filter((s) => !gives(s));
  if (rest.length >= profile.policy.devicesPerAccount) {
    throw new Refusal("session_limit", say("session_limit", { devices: rest.length }), {
      sessions: rest.map((s) => ({
        sessionId: s.id,
        deviceName: s.name ?? "",
        ageMs: now - s.startedAt,
        clientAddress: s.clientIp,
      })),
    });
  }
  const ids = running.filter(gives).map((s) => s.id);
  return endSessions(tx, context, ids, { cause: "replaced", text: signIn.deviceName });
}
