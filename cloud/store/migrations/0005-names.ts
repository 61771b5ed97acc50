import type { Kysely } from "kysely";
import { nameKey } from "../names.ts";
import type { Schema } from "../schema.ts";

/** User names that are one whatever their case, whose sign-ins the audit names, and sessions of one device per account. */
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

  // Clients choose their device id, so an account that has learned another's must not replace that account's session.
  await db.schema.dropIndex("session_running").execute();
  await db.schema
    .createIndex("session_running")
    .unique()
    .on("session")
    .columns(["account_id", "device_id", "instance_id"])
    .where("ended_at" as never, "is", null)
    .execute();

  // These answers were kept as they were given, secrets included.
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
 * Where names differ by case only, the one in lower case has the key, else the oldest; the others keep their exact name as a
 * key of its own, by which they sign in as before.
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
