import type { Kysely } from "kysely";

/** Ended sessions stay as history and grow without end: what asks for running ones must not walk through them. */
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
