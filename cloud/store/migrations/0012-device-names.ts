import { type Kysely, sql } from "kysely";

/** Stores the name of its device with each session, because people can delete their devices. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable("session")
    .addColumn("device_name", "text", (column) => column.notNull().defaultTo(""))
    .execute();
  await sql`
    update session set device_name = coalesce(
      (select name from device where device.account_id = session.account_id and device.id = session.device_id), ''
    )
  `.execute(db);
}
