import { Refusal } from "../../base/cause.ts";
import { say } from "../../base/say.ts";
import { hashToken } from "../../security/secret.ts";
import type { Db } from "../../store/db.ts";
import { renewSession, sessionByToken } from "../../store/queries/sessions.ts";
import { findSignIn } from "../../store/queries/sign-ins.ts";
import { transaction } from "../../store/transaction.ts";
import type { Context } from "../context.ts";
import { requireUsable } from "../signin/state.ts";
import { describe, type SessionDescription } from "./description.ts";
import { leaseEnd, readyLimitMs } from "./dial.ts";
import { type EndCause, endingRefusal, endNow } from "./ending.ts";
import { noteDelivery, renewKeys } from "./keys.ts";
import { loadProfile, reachOf } from "./profile.ts";

/** The running session of a token. If it has ended, throws the refusal with the reason. */
export async function sessionOf(context: Context, token: string, db: Db = context.store) {
  const row = await sessionByToken(db, hashToken(token));
  if (!row) throw new Refusal("session_expired", say("session_over"));
  if (row.endedAt !== null) {
    const cause = (row.endedCause ?? "session_expired") as EndCause;
    throw endingRefusal({ cause, text: row.endedText ?? "", reason: row.endedReason });
  }
  if (row.leaseUntil <= context.clock.now()) throw new Refusal("session_expired", say("session_over"));
  return row;
}

/** Extends the lease. With a public key, the session switches to that key, because sag-tunnel was restarted. */
export async function renew(
  context: Context,
  token: string,
  publicKey: Uint8Array | undefined,
): Promise<SessionDescription> {
  const { store, clock, accessPoints, peers, sweeper } = context;
  const result = await transaction(store, async (tx) => {
    const now = clock.now();
    const row = await sessionOf(context, token, tx);
    const signIn = await findSignIn(tx, row.signInId);
    if (!signIn) throw new Refusal("sign_in_expired", say("account_gone"));
    requireUsable(signIn, now);
    const profile = await loadProfile(tx, accessPoints, row.instanceId, signIn);
    if (!profile) throw new Refusal("session_expired", say("instance_gone"));
    const change = {
      renewedAt: now,
      leaseUntil: leaseEnd(now, profile, signIn),
      ...(publicKey ? { publicKey, incarnation: row.incarnation + 1 } : {}),
    };
    const updated = await renewSession(tx, row.id, change);
    if (!updated) throw new Refusal("session_expired", say("session_over"));
    const keys = publicKey ? await renewKeys(tx, row.id, accessPoints.inCcn(row.ccnId)) : undefined;
    if (publicKey) await noteDelivery(tx, row.id, accessPoints.inCcn(row.ccnId));
    return { updated, profile, keys, signIn };
  });
  const { updated, profile, keys, signIn } = result;
  const peer = peers.get(updated.id);
  if (peer) {
    const changed = {
      ...peer,
      publicKey: new Uint8Array(updated.publicKey),
      leaseUntil: updated.leaseUntil,
      incarnation: updated.incarnation,
      ...reachOf(profile),
      keys: keys ?? peer.keys,
    };
    const revision = await peers.change([], [{ peer: changed, newKey: publicKey !== undefined }]);
    if (publicKey) await accessPoints.whenReady(updated.ccnId, updated.chosenAccessPoint, revision, readyLimitMs);
  }
  sweeper.by(updated.leaseUntil);
  return describe(context, updated, profile, signIn);
}

/** Ends the session of this token; does nothing if it has already ended. Returns the account's id, "" = unknown token. */
export async function hangUp(context: Context, token: string): Promise<string> {
  const row = await sessionByToken(context.store, hashToken(token));
  if (row) await endNow(context, [row.id], { cause: "hung_up", text: "" });
  return row?.accountId ?? "";
}
