import { Refusal } from "../../base/cause.ts";
import { hashToken } from "../../security/secret.ts";
import type { Context } from "../context.ts";
import { loadSignIn, requireUsable } from "../signin/state.ts";
import { describe, type SessionDescription } from "./description.ts";
import { leaseEnd, readyLimitMs } from "./dial.ts";
import { type EndCause, endingRefusal, endNow } from "./ending.ts";
import { noteDelivery, renewKeys } from "./keys.ts";
import { destinationsOf, loadProfile } from "./profile.ts";

/** The running session a token belongs to; one that ended says why. */
export async function sessionOf(context: Context, token: string) {
  const row = await context.store
    .selectFrom("session")
    .selectAll()
    .where("token_hash", "=", hashToken(token))
    .executeTakeFirst();
  if (!row) throw new Refusal("session_expired", "This session is over.");
  if (row.ended_at !== null) {
    throw endingRefusal({ cause: (row.ended_cause ?? "session_expired") as EndCause, text: row.ended_text ?? "" });
  }
  if (row.lease_until <= context.clock.now()) throw new Refusal("session_expired", "This session is over.");
  return row;
}

/** Extends the lease; with a public key, the session goes on with that one (sag-tunnel was started again). */
export async function renew(
  context: Context,
  token: string,
  publicKey: Uint8Array | undefined,
): Promise<SessionDescription> {
  const { store, clock, accessPoints, board, sweeper } = context;
  const row = await sessionOf(context, token);
  const signIn = await loadSignIn(store, row.sign_in_id);
  if (!signIn) throw new Refusal("sign_in_expired", "This account does not exist any more.");
  const now = clock.now();
  requireUsable(signIn, now);
  const result = await store.transaction().execute(async (tx) => {
    const profile = await loadProfile(tx, accessPoints, row.instance_id, signIn.roamedFrom);
    if (!profile) throw new Refusal("session_expired", "This intranet does not exist any more.");
    const change = {
      renewed_at: now,
      lease_until: leaseEnd(now, profile, signIn),
      ...(publicKey ? { public_key: publicKey, incarnation: row.incarnation + 1 } : {}),
    };
    const updated = await tx
      .updateTable("session")
      .set(change)
      .where("id", "=", row.id)
      .where("ended_at", "is", null)
      .returningAll()
      .executeTakeFirst();
    if (!updated) throw new Refusal("session_expired", "This session is over.");
    const keys = publicKey ? await renewKeys(tx, row.id, accessPoints.inCcn(row.ccn_id)) : undefined;
    if (publicKey) await noteDelivery(tx, row.id, accessPoints.inCcn(row.ccn_id));
    return { updated, profile, keys };
  });
  const { updated, profile, keys } = result;
  const peer = board.get(row.id);
  if (peer) {
    const changed = {
      ...peer,
      publicKey: new Uint8Array(updated.public_key),
      leaseUntil: updated.lease_until,
      incarnation: updated.incarnation,
      destinations: destinationsOf(profile),
      keys: keys ?? peer.keys,
    };
    const revision = board.change([], [{ peer: changed, newKey: publicKey !== undefined }]);
    if (publicKey) await accessPoints.whenReady(row.ccn_id, row.chosen_access_point, revision, readyLimitMs);
  }
  sweeper.by(updated.lease_until);
  return describe(context, updated, profile, signIn);
}

/** Ends the session of this token; one that is over already is no failure. */
export async function hangUp(context: Context, token: string): Promise<void> {
  const row = await context.store
    .selectFrom("session")
    .select("id")
    .where("token_hash", "=", hashToken(token))
    .executeTakeFirst();
  if (row) await endNow(context, [row.id], { cause: "hung_up", text: "" });
}
