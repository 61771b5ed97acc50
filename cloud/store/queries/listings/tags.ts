import type { SelectQueryBuilder } from "kysely";
import type { Db, Row } from "../../db.ts";
import { query } from "../../kysely.ts";
import type { Schema } from "../../schema.ts";

/** A tag to be filtered by; without `value` any value will do. */
export interface TagFilter {
  key: string;
  value?: string | undefined;
}

/** For each tag, the ids of what has it. */
export function havingTags(
  db: Db,
  tags: readonly TagFilter[] = [],
): SelectQueryBuilder<Schema, "tag", { object_id: string }>[] {
  return tags.map(({ key, value }) => {
    const having = query(db).selectFrom("tag").select("object_id").where("key", "=", key);
    return value === undefined ? having : having.where("value", "=", value);
  });
}

/** Tags of an owner's objects, in the order of object and key. */
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
): Promise<Row<"tag">[]> {
  const own = query(db).selectFrom(filter.table).select("id").where("tenant_id", "=", tenantId);
  let rows = query(db).selectFrom("tag").selectAll().where("object_id", "in", own);
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
