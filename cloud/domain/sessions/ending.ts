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
import { type EndReason, reasonWords } from "./reasons.ts";

export { runningSessions };

/** Why a session is over: a cause for its owner, or that he hung up himself. */
export type EndCause = CauseCode | "hung_up";

/** What the store keeps of an ended session's reason. */
export interface Ending {
  cause: EndCause;
  /** Where the cause does not say it. */
  reason?: EndReason | undefined;
  /** kicked: the administrator's words; replaced and ended_from: the name of that device; else "". */
  text: string;
}

/** An ending as the store has it: a newer version may know more reasons. */
type Stored = Omit<Ending, "reason"> & { reason?: string | null | undefined };

/** What the store has in words: an administrator's own. */
const stored = (text: string): Message | undefined => (text === "" ? undefined : foreign(text));

/** The reason that its owner gets, in an event now or in a refusal later. */
export function endingRefusal({ cause, text, reason }: Stored): Refusal {
  const why = reasonWords(reason, text);
  switch (cause) {
    case "kicked":
      return new Refusal("kicked", why ?? stored(text) ?? say("session_kicked"));
    case "replaced":
      return new Refusal("replaced", say("session_replaced", { device: text }), { deviceName: text });
    case "account_disabled":
      return new Refusal("account_disabled", why ?? say("account_disabled"));
    case "hung_up":
    case "session_expired":
      return new Refusal("session_expired", why ?? say("session_over"));
    default:
      return new Refusal(cause, why ?? say("session_over"));
  }
}

/**
 * Marks running sessions as ended within a transaction; its address stays blocked until the access points confirmed, or its
 * lease is over for sure. Call announceEnd with the result after the commit.
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

/** Tells access points and owners that sessions are over. `upsert` is what takes their place in the same step. */
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
 * Ends sessions in a transaction of their own and announces it. Returns how many were running; `note` runs in the same transaction and
 * is given that number.
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

/** Ends what ran out; returns when the next lease does (epoch ms). */
export async function sweep(context: Context): Promise<number | undefined> {
  const { store, clock } = context;
  const due = await expiredSessions(store, clock.now());
  await endNow(context, due, { cause: "session_expired", text: "" });
  return nextLeaseEnd(store);
}
