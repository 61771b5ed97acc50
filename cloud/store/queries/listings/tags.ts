import type { SelectQueryBuilder } from "kysely";
import type { Db } from "../../db.ts";
import { query } from "../../kysely.ts";
import type { Schema } from "../../schema.ts";

/** A filter by tag; without `value`, any value matches. */
export interface TagFilter {
  key: string;
  value?: string | undefined;
}

/** For each tag, a query of the ids of objects that have it. */
export function havingTags(
  db: Db,
  tags: readonly TagFilter[] = [],
): SelectQueryBuilder<Schema, "tag", { object_id: string }>[] {
  return tags.map(({ key, value }) => {
    const having = query(db).selectFrom("tag").select("object_id").where("key", "=", key);
    return value === undefined ? having : having.where("value", "=", value);
  });
}

/** A tag with the id of the object that has it. */
interface ObjectTag {
  objectId: string;
  key: string;
  value: string;
}

/** Tags of an account's objects, ordered by object and key. */
export function tagRows(
  db: Db,
  tenantId: string,
  filter: {
    table: "cen" | "cen_bandwidth_package";
    ids?: readonly string[] | undefined;
    having?: readonly TagFilter[] | undefined;
    after?: readonly [objectId: string, key: string] | undefined;
  },
  limit: number,
): Promise<ObjectTag[]> {
  const own = query(db).selectFrom(filter.table).select("id").where("tenant_id", "=", tenantId);
  let rows = query(db)
    .selectFrom("tag")
    .select(["object_id as objectId", "key", "value"])
    .where("object_id", "in", own);
  if (filter.ids) rows = rows.where("object_id", "in", filter.ids);
  for (const having of havingTags(db, filter.having)) rows = rows.where("object_id", "in", having);
  if (filter.after) {
    const [objectId, key] = filter.after;
    rows = rows.where((e) =>
      e.or([e("object_id", ">", objectId), e.and([e("object_id", "=", objectId), e("key", ">", key)])]),
    );
  }
  return rows.orderBy("object_id").orderBy("key").limit(limit).execute();
}
