import type { Db, Row, Tx } from "../db.ts";
import { query } from "../kysely.ts";

export type ResourceRow = Row<"resource">;

/** In the order in which they were added. */
export function resourcesOf(db: Db, instanceId: string): Promise<ResourceRow[]> {
  return query(db)
    .selectFrom("resource")
    .selectAll()
    .where("instance_id", "=", instanceId)
    .orderBy("position")
    .execute();
}

export async function insertResource(tx: Tx, row: ResourceRow): Promise<void> {
  await query(tx).insertInto("resource").values(row).execute();
}

export async function updateResource(
  tx: Tx,
  instanceId: string,
  name: string,
  set: { name: string; kind: string; address: string },
): Promise<void> {
  await query(tx)
    .updateTable("resource")
    .set(set)
    .where("instance_id", "=", instanceId)
    .where("name", "=", name)
    .execute();
}

/** False = no such resource. */
export async function deleteResource(tx: Tx, instanceId: string, name: string): Promise<boolean> {
  const removed = await query(tx)
    .deleteFrom("resource")
    .where("instance_id", "=", instanceId)
    .where("name", "=", name)
    .executeTakeFirst();
  return removed.numDeletedRows > 0n;
}
