import type { Db, Tx } from "../db.ts";
import { query } from "../kysely.ts";

export interface Tag {
  key: string;
  value: string;
}

/** Tags of objects, ordered by key. */
export async function tagsOf(db: Db, objectIds: readonly string[]): Promise<Map<string, Tag[]>> {
  const out = new Map<string, Tag[]>();
  if (objectIds.length === 0) return out;
  const rows = query(db).selectFrom("tag").selectAll().where("object_id", "in", objectIds).orderBy("key");
  for (const { object_id, key, value } of await rows.execute()) {
    out.set(object_id, [...(out.get(object_id) ?? []), { key, value }]);
  }
  return out;
}

export async function replaceTags(tx: Tx, objectId: string, tags: readonly Tag[]): Promise<void> {
  await query(tx).deleteFrom("tag").where("object_id", "=", objectId).execute();
  if (tags.length === 0) return;
  const rows = tags.map(({ key, value }) => ({ object_id: objectId, key, value }));
  await query(tx).insertInto("tag").values(rows).execute();
}
