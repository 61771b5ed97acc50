import type { Kysely } from "kysely";
import type { Schema } from "../store/schema.ts";
import { broken } from "./rules.ts";

export interface Tag {
  key: string;
  value: string;
}

/** Replaces an object's tags. */
export async function setTags(db: Kysely<Schema>, objectId: string, tags: readonly Tag[]): Promise<void> {
  if (new Set(tags.map((tag) => tag.key)).size !== tags.length)
    throw broken("InvalidTag", "A tag's key is there twice.");
  await db.deleteFrom("tag").where("object_id", "=", objectId).execute();
  if (tags.length > 0) {
    await db
      .insertInto("tag")
      .values(tags.map(({ key, value }) => ({ object_id: objectId, key, value })))
      .execute();
  }
}

export async function tagsOf(db: Kysely<Schema>, objectIds: readonly string[]): Promise<Map<string, Tag[]>> {
  const out = new Map<string, Tag[]>();
  if (objectIds.length === 0) return out;
  const rows = await db.selectFrom("tag").selectAll().where("object_id", "in", objectIds).orderBy("key").execute();
  for (const { object_id, key, value } of rows) out.set(object_id, [...(out.get(object_id) ?? []), { key, value }]);
  return out;
}
