import type { Kysely } from "kysely";
import { type CauseCode, Refusal } from "../../base/cause.ts";
import type { Schema } from "../../store/schema.ts";
import { unnoted } from "../audit.ts";
import type { Context } from "../context.ts";
import { holdMs, safetyMs } from "./addresses.ts";

/** Why a session is over: a cause for its owner, or that he hung up himself. */
export type EndCause = CauseCode | "hung_up";

/** What the store keeps of an ended session's reason. */
export interface Ending {
  cause: EndCause;
  /** kicked: the administrator's words; replaced: the name of the device that took over; else "". */
  text: string;
}

/** The reason as its owner is told, by an event now or by a refusal later. */
export function endingRefusal({ cause, text }: Ending): Refusal {
  switch (cause) {
    case "kicked":
      return new Refusal("kicked", text || "An administrator ended this session.");
    case "replaced":
      return new Refusal("replaced", `The session was taken over by ${text}.`, { deviceName: text });
    case "account_disabled":
      return new Refusal("account_disabled", text || "This account is disabled.");
    case "hung_up":
    case "session_expired":
      return new Refusal("session_expired", "This session is over.");
    default:
      return new Refusal(cause, text || "This session is over.");
  }
}

/**
 * Marks running sessions as ended within a transaction; its address stays blocked until the access points confirmed, or its
 * lease is over for sure. Call announceEnd with the result after the commit.
 */
export async function endSessions(
  db: Kysely<Schema>,
  context: Context,
  sessionIds: readonly string[],
  ending: Ending,
): Promise<string[]> {
  const now = context.clock.now();
  const ended: string[] = [];
  for (const id of sessionIds) {
    const row = await db
      .updateTable("session")
      .set({ ended_at: now, ended_cause: ending.cause, ended_text: ending.text })
      .where("id", "=", id)
      .where("ended_at", "is", null)
      .returning(["id", "lease_until"])
      .executeTakeFirst();
    if (!row) continue;
    const carried = await db
      .selectFrom("peer_delivery")
      .select("session_id")
      .where("session_id", "=", id)
      .executeTakeFirst();
    await db
      .updateTable("address")
      .set({ held_until: now + holdMs, blocked_until: carried ? row.lease_until + safetyMs : 0 })
      .where("session_id", "=", id)
      .execute();
    await db.deleteFrom("keys.preshared_key").where("session_id", "=", id).execute();
    ended.push(id);
  }
  return ended;
}

/** Tells access points and owners that sessions are over. `upsert` is what takes their place in the same step. */
export function announceEnd(
  context: Context,
  ended: readonly string[],
  ending: Ending,
  upsert: Parameters<Context["board"]["change"]>[1] = [],
): number {
  const revision = ended.length + upsert.length > 0 ? context.board.change(ended, upsert) : context.board.revision;
  const why = endingRefusal(ending);
  for (const id of ended) {
    context.events.tell(id, { kind: "ended", why });
    context.presence.forget(id);
    context.log("info", "session ended", { session: id, cause: ending.cause });
  }
  return revision;
}

/** Ends sessions in a transaction of their own and tells everybody. Returns how many were running; `note` hears it too. */
export async function endNow(
  context: Context,
  sessionIds: readonly string[],
  ending: Ending,
  note: (tx: Kysely<Schema>, ended: number) => Promise<void> = unnoted,
): Promise<number> {
  if (sessionIds.length === 0 && note === unnoted) return 0;
  const ended = await context.store.transaction().execute(async (tx) => {
    const all = await endSessions(tx, context, sessionIds, ending);
    await note(tx, all.length);
    return all;
  });
  announceEnd(context, ended, ending);
  return ended.length;
}

/** Running sessions of an account, of a device of it, or of a sign-in. */
export async function runningSessions(
  db: Kysely<Schema>,
  by: { accountId?: string; instanceId?: string; signInId?: string; deviceId?: string; exceptDevice?: string },
): Promise<string[]> {
  let query = db.selectFrom("session").select("id").where("ended_at", "is", null);
  if (by.accountId !== undefined) query = query.where("account_id", "=", by.accountId);
  if (by.instanceId !== undefined) query = query.where("instance_id", "=", by.instanceId);
  if (by.signInId !== undefined) query = query.where("sign_in_id", "=", by.signInId);
  if (by.deviceId !== undefined) query = query.where("device_id", "=", by.deviceId);
  if (by.exceptDevice !== undefined) query = query.where("device_id", "!=", by.exceptDevice);
  return (await query.execute()).map((row) => row.id);
}

/** Ends what ran out; returns when the next lease does (epoch ms). */
export async function sweep(context: Context): Promise<number | undefined> {
  const { store, clock } = context;
  const now = clock.now();
  const due = await store
    .selectFrom("session")
    .select("id")
    .where("ended_at", "is", null)
    .where("lease_until", "<=", now)
    .execute();
  await endNow(
    context,
    due.map((row) => row.id),
    { cause: "session_expired", text: "" },
  );
  const next = await store
    .selectFrom("session")
    .select((e) => e.fn.min("lease_until").as("at"))
    .where("ended_at", "is", null)
    .executeTakeFirst();
  return next?.at ? Number(next.at) : undefined;
}
