import type { Context } from "./context.ts";

/** ms for which ended sessions and sign-ins are kept. What they carried is kept by day, without end. */
export const keptMs = 90 * 86_400_000;

/** Deletes what is over for long enough; returns when there is more of it (epoch ms). */
export async function prune({ store, clock }: Context): Promise<number | undefined> {
  const now = clock.now();
  await store.deleteFrom("password_code").where("expires_at", "<=", now).execute();
  const next = await store
    .selectFrom("session")
    .select((e) => e.fn.min("ended_at").as("at"))
    .where("ended_at", "is not", null)
    .executeTakeFirst();
  const oldest = next?.at === undefined || next.at === null ? undefined : Number(next.at);
  if (oldest === undefined || oldest + keptMs > now) return oldest === undefined ? undefined : oldest + keptMs;
  await store.transaction().execute(async (tx) => {
    const over = tx
      .selectFrom("session")
      .select("id")
      .where("ended_at", "<=", now - keptMs);
    await tx.deleteFrom("peer_delivery").where("session_id", "in", over).execute();
    await tx.deleteFrom("traffic_counter").where("session_id", "in", over).execute();
    await tx
      .deleteFrom("session")
      .where("ended_at", "<=", now - keptMs)
      .execute();
    await tx
      .deleteFrom("sign_in")
      .where("ended_at", "<=", now - keptMs)
      .execute();
  });
  // Those that ended a little later are looked at again within a day.
  return now + 86_400_000;
}
