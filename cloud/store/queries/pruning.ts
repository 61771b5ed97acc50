import { sql } from "kysely";
import type { Tx } from "../db.ts";
import { query } from "../kysely.ts";

/** Tables whose ended rows are kept for some time. */
export type Ended = "session" | "sign_in";

/** Deletes rows that ended before `before` (epoch ms). */
export async function deleteEnded(tx: Tx, table: Ended, before: number): Promise<void> {
  await query(tx).deleteFrom(table).where("ended_at", "<=", before).execute();
}

/** Deletes rows that ended before `before` (epoch ms), except the last `kept` of each account. */
export async function deleteSurplusEnded(tx: Tx, table: Ended, before: number, kept: number): Promise<void> {
  await sql`
    delete from ${sql.table(table)} where id in (
      select id from (
        select id, ended_at, row_number() over (partition by account_id order by ended_at desc) as place
        from ${sql.table(table)} where ended_at is not null
      ) as ranked where place > ${kept} and ended_at <= ${before}
    )`.execute(query(tx));
}

/** Deletes rows that belong to deleted sessions. */
export async function deleteOrphans(tx: Tx): Promise<void> {
  const sessions = query(tx).selectFrom("session").select("id");
  await query(tx).deleteFrom("peer_delivery").where("session_id", "not in", sessions).execute();
  await query(tx).deleteFrom("traffic_counter").where("session_id", "not in", sessions).execute();
}
