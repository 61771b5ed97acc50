import type { Kysely } from "kysely";

/** Partial indexes of running sessions, because ended sessions are kept as history and accumulate. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const column of ["instance_id", "account_id", "lease_until"]) {
    await db.schema
      .createIndex(`session_running_by_${column}`)
      .on("session")
      .column(column)
      .where("ended_at" as never, "is", null)
      .execute();
  }
}
