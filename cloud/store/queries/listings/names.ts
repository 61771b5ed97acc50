import type { Db } from "../../db.ts";
import { query } from "../../kysely.ts";

/** Tables of objects that administrators refer to by id or name. */
export type NamedTable =
  | "acl"
  | "ccn"
  | "cen"
  | "cen_bandwidth_package"
  | "cloud_network"
  | "flow_log"
  | "instance"
  | "qos";

/** Names of the objects with these ids, by id. Those that do not exist are left out. */
export async function namesOf(db: Db, table: NamedTable, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  // All of these tables have these two columns.
  const rows = await query(db)
    .selectFrom(table as "acl")
    .select(["id", "name"])
    .where("id", "in", [...ids])
    .execute();
  return new Map(rows.map(({ id, name }) => [id, name]));
}

/** Ids of objects whose id or name is `wanted`, at most `most`. `tenantId` undefined = of all product accounts. */
export async function idsNamed(
  db: Db,
  table: NamedTable,
  tenantId: string | undefined,
  wanted: string,
  most: number,
): Promise<string[]> {
  // All of these tables have the same three columns.
  let rows = query(db)
    .selectFrom(table as "acl")
    .select("id")
    .where((e) => e.or([e("id", "=", wanted), e("name", "=", wanted)]));
  if (tenantId !== undefined) rows = rows.where("tenant_id", "=", tenantId);
  return (await rows.orderBy("id").limit(most).execute()).map((row) => row.id);
}
