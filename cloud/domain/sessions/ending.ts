import { type CauseCode, Refusal } from "../../base/cause.ts";
import { foreign, type Message, say } from "../../base/say.ts";
import type { Tx } from "../../store/db.ts";
import { keepAddressBack } from "../../store/queries/addresses.ts";
import { isDelivered } from "../../store/queries/deliveries.ts";
import { deleteKeys } from "../../store/queries/preshared-keys.ts";
import { endSession, expiredSessions, nextLeaseEnd, runningSessions } from "../../store/queries/sessions.ts";
import type { PeerUpsert } from "../../store/shared/peer-table.ts";
import { transaction } from "../../store/transaction.ts";
import type { Context } from "../context.ts";
import { holdMs, safetyMs } from "./addresses.ts";
import { banText, type EndReason, reasonWords } from "./reasons.ts";

export { runningSessions };

/** Cause code of the end of a session, or "hung_up" if the client ended it. */
export type EndCause = CauseCode | "hung_up";

/** Why a session ended, as stored. */
export interface Ending {
  cause: EndCause;
  /** Details that the cause does not contain. */
  reason?: EndReason | undefined;
  /**
   * For kicked, the administrator's text; for replaced, ended_from and signed_out_from, the name of that device; for banned and
   * address_changed as in endReasons; otherwise "".
   */
  text: string;
}

/** The ending of the sessions of an account that is banned until a time, epoch ms. */
export const banEnding = (until: number, reason: string): Ending => ({
  cause: "kicked",
  reason: "banned",
  text: banText(until, reason),
});

/** An ending read from the store; a newer version may have stored an unknown reason. */
type Stored = Omit<Ending, "reason"> & { reason?: string | null | undefined };

/** A stored text of an administrator, as a message. */
const stored = (text: string): Message | undefined => (text === "" ? undefined : foreign(text));

/** The refusal that the session's owner receives, in an event or when using the token later. */
export function endingRefusal({ cause, text, reason }: Stored): Refusal {
  const why = reasonWords(reason, text);
  const from = reason === "ended_from" || reason === "signed_out_from" ? { deviceName: text } : {};
  switch (cause) {
    case "kicked":
      return new Refusal("kicked", why ?? stored(text) ?? say("session_kicked"), from);
    case "replaced":
      return new Refusal("replaced", say("session_replaced", { device: text }), { deviceName: text });
    case "account_disabled":
      return new Refusal("account_disabled", why ?? say("account_disabled"));
    case "hung_up":
    case "session_expired":
      return new Refusal("session_expired", why ?? say("session_over"));
    default:
      return new Refusal(cause, why ?? say("session_over"), from);
  }
}

/**
 * Marks running sessions as ended within a transaction. Their addresses stay blocked until the access points confirm the removal, or
 * until the lease plus a safety margin is over. Call announceEnd with the result after the commit.
 */
export async function endSessions(
  tx: Tx,
  context: Context,
  sessionIds: readonly string[],
  ending: Ending,
): Promise<string[]> {
  const now = context.clock.now();
  const ended: string[] = [];
  for (const id of sessionIds) {
    const leaseUntil = await endSession(tx, id, { at: now, ...ending });
    if (leaseUntil === undefined) continue;
    const carried = await isDelivered(tx, id);
    await keepAddressBack(tx, id, { heldUntil: now + holdMs, blockedUntil: carried ? leaseUntil + safetyMs : 0 });
    await deleteKeys(tx, id);
    ended.push(id);
  }
  return ended;
}

/**
 * Removes ended sessions from the access points and notifies their owners. `upsert` are peers that replace them in the same revision.
 */
export async function announceEnd(
  context: Context,
  ended: readonly string[],
  ending: Ending,
  upsert: readonly PeerUpsert[] = [],
): Promise<number> {
  const { peers } = context;
  const revision = ended.length + upsert.length > 0 ? await peers.change(ended, upsert) : peers.revision;
  const why = endingRefusal(ending);
  for (const id of ended) {
    context.events.publish(id, { kind: "ended", why });
    context.presence.forget(id);
    context.log("info", "session ended", { session: id, cause: ending.cause });
  }
  return revision;
}

/**
 * Ends sessions in a transaction and announces it. Returns how many were running; `note` runs in the same transaction with that number.
 */
export async function endNow(
  context: Context,
  sessionIds: readonly string[],
  ending: Ending,
  note?: (tx: Tx, ended: number) => Promise<void>,
): Promise<number> {
  if (sessionIds.length === 0 && !note) return 0;
  const ended = await transaction(context.store, async (tx) => {
    const all = await endSessions(tx, context, sessionIds, ending);
    await note?.(tx, all.length);
    return all;
  });
  await announceEnd(context, ended, ending);
  return ended.length;
}

/** Ends sessions whose lease is over; returns the end of the next lease (epoch ms). */
export async function sweep(context: Context): Promise<number | undefined> {
  const { store, clock } = context;
  const due = await expiredSessions(store, clock.now());
  await endNow(context, due, { cause: "session_expired", text: "" });
  return nextLeaseEnd(store);
}
