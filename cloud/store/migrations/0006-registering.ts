import type { Kysely } from "kysely";

/**
 * Adds the token with which an access point registered, kept until it has used its identity, so that a repeated Register gets the same
 * answer.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable("access_point").addColumn("registered_with", "text").execute();
}
