import type { Kysely } from "kysely";
import { nameKey } from "../names.ts";
import type { Schema } from "../schema.ts";

/** Makes user names case-insensitive, adds user names to the audit, and makes running sessions unique per account and device. */
export async function up(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .alterTable("account")
    .addColumn("name_key", "text", (c) => c.notNull().defaultTo(""))
    .execute();
  for (const { id, key } of keysOf(await accountsByAge(db))) {
    await db.updateTable("account").set({ name_key: key }).where("id", "=", id).execute();
  }
  await db.schema.createIndex("account_name_key").unique().on("account").columns(["instance_id", "name_key"]).execute();

  await db.schema.alterTable("audit").addColumn("user_name", "text").execute();
  await db.schema.createIndex("audit_by_action").on("audit").columns(["action", "id"]).execute();
  await db.schema.createIndex("audit_by_user").on("audit").columns(["user_name", "id"]).execute();

  // Clients choose their device id, so an account that knows another one's device id must not replace that account's session.
  await db.schema.dropIndex("session_running").execute();
  await db.schema
    .createIndex("session_running")
    .unique()
    .on("session")
    .columns(["account_id", "device_id", "instance_id"])
    .where("ended_at" as never, "is", null)
    .execute();

  // Delete stored answers, which were not encrypted and may contain secrets.
  await db.deleteFrom("client_token").execute();
}

interface Named {
  id: string;
  instance_id: string;
  user_name: string;
}

function accountsByAge(db: Kysely<Schema>): Promise<Named[]> {
  return db.selectFrom("account").select(["id", "instance_id", "user_name"]).orderBy("created_at").execute();
}

/**
 * If names differ only in case, the lower-case one gets the key, otherwise the oldest one. The others keep their exact name as key,
 * with which they can still sign in.
 */
function keysOf(accounts: readonly Named[]): { id: string; key: string }[] {
  const taken = new Set<string>();
  const lowerFirst = [...accounts].sort(
    (a, b) => Number(a.user_name !== nameKey(a.user_name)) - Number(b.user_name !== nameKey(b.user_name)),
  );
  return lowerFirst.map(({ id, instance_id, user_name }) => {
    const key = nameKey(user_name);
    if (taken.has(`${instance_id} ${key}`)) return { id, key: user_name };
    taken.add(`${instance_id} ${key}`);
    return { id, key };
  });
}
