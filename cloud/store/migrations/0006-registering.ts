import type { Kysely } from "kysely";

/** With which token an access point registered, until it has shown that the answer arrived: then a repeated Register is answered alike. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable("access_point").addColumn("registered_with", "text").execute();
}
