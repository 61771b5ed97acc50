import type { Db, Tx } from "../db.ts";
import { query } from "../kysely.ts";
import * as shapes from "../shapes.ts";

/** In the order in which they were added. */
export function resourcesOf(db: Db, instanceId: string): Promise<shapes.Resource[]> {
  return query(db)
    .selectFrom("resource")
    .select(shapes.resource.columns)
    .where("instance_id", "=", instanceId)
    .orderBy("position")
    .execute();
}

export async function insertResource(tx: Tx, row: shapes.Resource): Promise<void> {
  await query(tx).insertInto("resource").values(shapes.resource.row(row)).execute();
}

export async function updateResource(
  tx: Tx,
  instanceId: string,
  name: string,
  set: { name: string; kind: string; address: string },
): Promise<void> {
  await query(tx)
    .updateTable("resource")
    .set(shapes.resource.row(set))
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
