import type { Db, Tx } from "../db.ts";
import { query } from "../kysely.ts";
import * as shapes from "../shapes-traffic.ts";

export async function findFlowLog(db: Db, id: string): Promise<shapes.FlowLog | undefined> {
  return query(db).selectFrom("flow_log").select(shapes.flowLog.columns).where("id", "=", id).executeTakeFirst();
}

export async function insertFlowLog(tx: Tx, row: shapes.FlowLog): Promise<void> {
  await query(tx).insertInto("flow_log").values(shapes.flowLog.row(row)).execute();
}

export async function updateFlowLog(tx: Tx, row: shapes.FlowLog): Promise<void> {
  await query(tx).updateTable("flow_log").set(shapes.flowLog.row(row)).where("id", "=", row.id).execute();
}

/** Starts or stops a flow log. False = it is in that state already. */
export async function setFlowLogActive(tx: Tx, id: string, active: boolean): Promise<boolean> {
  const { numUpdatedRows } = await query(tx)
    .updateTable("flow_log")
    .set({ active: Number(active) })
    .where("id", "=", id)
    .where("active", "=", Number(!active))
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

export async function deleteFlowLog(tx: Tx, id: string): Promise<void> {
  await query(tx).deleteFrom("flow_log").where("id", "=", id).execute();
}

/** The flow log of an instance, whether it is active or not. */
export async function flowLogOfInstance(db: Db, instanceId: string): Promise<shapes.FlowLog | undefined> {
  return query(db)
    .selectFrom("flow_log")
    .innerJoin("flow_log_instance", "flow_log_instance.flow_log_id", "flow_log.id")
    .select(shapes.flowLog.columns)
    .where("flow_log_instance.instance_id", "=", instanceId)
    .executeTakeFirst();
}

/** Ids of the instances that have this flow log. */
export async function instancesWithFlowLog(db: Db, flowLogId: string): Promise<string[]> {
  const rows = await query(db)
    .selectFrom("flow_log_instance")
    .select("instance_id")
    .where("flow_log_id", "=", flowLogId)
    .execute();
  return rows.map((row) => row.instance_id);
}

/** Id of any instance that has this flow log. */
export async function instanceWithFlowLog(db: Db, flowLogId: string): Promise<string | undefined> {
  const row = await query(db)
    .selectFrom("flow_log_instance")
    .select("instance_id")
    .where("flow_log_id", "=", flowLogId)
    .executeTakeFirst();
  return row?.instance_id;
}

/** Gives an instance a flow log unless it has one; returns the one it then has. */
export async function associateFlowLog(
  tx: Tx,
  instanceId: string,
  flowLogId: string,
): Promise<{ flowLogId: string; added: boolean }> {
  const added = await query(tx)
    .insertInto("flow_log_instance")
    .values({ instance_id: instanceId, flow_log_id: flowLogId })
    .onConflict((conflict) => conflict.column("instance_id").doNothing())
    .executeTakeFirst();
  const { flow_log_id } = await query(tx)
    .selectFrom("flow_log_instance")
    .select("flow_log_id")
    .where("instance_id", "=", instanceId)
    .executeTakeFirstOrThrow();
  return { flowLogId: flow_log_id, added: added.numInsertedOrUpdatedRows === 1n };
}

/** False = it was not associated. */
export async function disassociateFlowLog(tx: Tx, instanceId: string, flowLogId: string): Promise<boolean> {
  const { numDeletedRows } = await query(tx)
    .deleteFrom("flow_log_instance")
    .where("instance_id", "=", instanceId)
    .where("flow_log_id", "=", flowLogId)
    .executeTakeFirst();
  return numDeletedRows === 1n;
}
