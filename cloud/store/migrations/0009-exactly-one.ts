import { type Kysely, sql } from "kysely";
import type { Schema } from "../schema.ts";

/**
 * Adds unique indexes: one default account, and per account one default CCN, CEN and enterprise code; one running sign-in per account
 * and device. Also stores why a sign-in ended, for clients that still use its token.
 */
export async function up(db: Kysely<Schema>): Promise<void> {
  await db.schema.alterTable("sign_in").addColumn("ended_text", "text").execute();
  // If there are several, keep the oldest default and the latest sign-in.
  for (const table of ["ccn", "cen", "enterprise_code"] as const) {
    const key = sql.ref(table === "enterprise_code" ? "code" : "id");
    await sql`
      update ${sql.table(table)} set is_default = 0 where is_default = 1 and ${key} not in (
        select chosen from (
          select ${key} as chosen, row_number() over (partition by tenant_id order by created_at, ${key}) as place
          from ${sql.table(table)} where is_default = 1
        ) as ranked where place = 1
      )`.execute(db);
    await db.schema
      .createIndex(`${table}_default`)
      .unique()
      .on(table)
      .column("tenant_id")
      .where("is_default" as never, "=", 1)
      .execute();
  }
  await db.schema
    .createIndex("tenant_default")
    .unique()
    .on("tenant")
    .column("is_default")
    .where("is_default" as never, "=", 1)
    .execute();
  await sql`
    update sign_in set ended_at = rotated_at where ended_at is null and id not in (
      select id from (
        select id, row_number() over (partition by account_id, device_id order by created_at desc, id) as place
        from sign_in where ended_at is null
      ) as ranked where place = 1
    )`.execute(db);
  await db.schema
    .createIndex("sign_in_running")
    .unique()
    .on("sign_in")
    .columns(["account_id", "device_id"])
    .where("ended_at" as never, "is", null)
    .execute();
}
