import type { Db, Tx } from "../db.ts";
import { query } from "../kysely.ts";
import * as shapes from "../shapes-traffic.ts";

export async function findQos(db: Db, id: string): Promise<shapes.Qos | undefined> {
  return query(db).selectFrom("qos").select(shapes.qos.columns).where("id", "=", id).executeTakeFirst();
}

export async function insertQos(tx: Tx, row: shapes.Qos): Promise<void> {
  await query(tx).insertInto("qos").values(shapes.qos.row(row)).execute();
}

/** undefined = unchanged. */
export async function updateQos(
  tx: Tx,
  id: string,
  set: { name?: string | undefined; description?: string | undefined },
): Promise<void> {
  const { name, description } = set;
  await query(tx).updateTable("qos").set({ name, description }).where("id", "=", id).execute();
}

/** Deletes a QoS policy with its rules. */
export async function deleteQos(tx: Tx, id: string): Promise<void> {
  await query(tx).deleteFrom("qos").where("id", "=", id).execute();
}

/** Throttling rules in the order in which they apply. */
export async function carsOf(db: Db, qosId: string): Promise<shapes.QosCar[]> {
  return query(db)
    .selectFrom("qos_car")
    .select(shapes.qosCar.columns)
    .where("qos_id", "=", qosId)
    .orderBy("priority")
    .orderBy("created_at")
    .orderBy("id")
    .execute();
}

export async function countCars(db: Db, qosId: string): Promise<number> {
  const { count } = await query(db)
    .selectFrom("qos_car")
    .select((e) => e.fn.countAll<number>().as("count"))
    .where("qos_id", "=", qosId)
    .executeTakeFirstOrThrow();
  return Number(count);
}

export async function findCar(db: Db, qosId: string, id: string): Promise<shapes.QosCar | undefined> {
  return query(db)
    .selectFrom("qos_car")
    .select(shapes.qosCar.columns)
    .where("id", "=", id)
    .where("qos_id", "=", qosId)
    .executeTakeFirst();
}

export async function insertCar(tx: Tx, row: shapes.QosCar): Promise<void> {
  await query(tx).insertInto("qos_car").values(shapes.qosCar.row(row)).execute();
}

export async function updateCar(tx: Tx, row: shapes.QosCar): Promise<void> {
  await query(tx).updateTable("qos_car").set(shapes.qosCar.row(row)).where("id", "=", row.id).execute();
}

/** False = another request has deleted it. */
export async function deleteCar(tx: Tx, id: string): Promise<boolean> {
  const { numDeletedRows } = await query(tx).deleteFrom("qos_car").where("id", "=", id).executeTakeFirst();
  return numDeletedRows === 1n;
}

/** Classification rules in the order in which they apply. */
export async function policiesOf(db: Db, qosId: string): Promise<shapes.QosPolicy[]> {
  return query(db)
    .selectFrom("qos_policy")
    .select(shapes.qosPolicy.columns)
    .where("qos_id", "=", qosId)
    .orderBy("priority")
    .orderBy("created_at")
    .orderBy("id")
    .execute();
}

/** Number of classification rules of one priority. */
export async function countPolicies(db: Db, qosId: string, priority: number): Promise<number> {
  const { count } = await query(db)
    .selectFrom("qos_policy")
    .select((e) => e.fn.countAll<number>().as("count"))
    .where("qos_id", "=", qosId)
    .where("priority", "=", priority)
    .executeTakeFirstOrThrow();
  return Number(count);
}

export async function findPolicy(db: Db, qosId: string, id: string): Promise<shapes.QosPolicy | undefined> {
  return query(db)
    .selectFrom("qos_policy")
    .select(shapes.qosPolicy.columns)
    .where("id", "=", id)
    .where("qos_id", "=", qosId)
    .executeTakeFirst();
}

export async function insertPolicy(tx: Tx, row: shapes.QosPolicy): Promise<void> {
  await query(tx).insertInto("qos_policy").values(shapes.qosPolicy.row(row)).execute();
}

export async function updatePolicy(tx: Tx, row: shapes.QosPolicy): Promise<void> {
  await query(tx).updateTable("qos_policy").set(shapes.qosPolicy.row(row)).where("id", "=", row.id).execute();
}

/** False = another request has deleted it. */
export async function deletePolicy(tx: Tx, id: string): Promise<boolean> {
  const { numDeletedRows } = await query(tx).deleteFrom("qos_policy").where("id", "=", id).executeTakeFirst();
  return numDeletedRows === 1n;
}

/** The QoS policy of an instance. */
export async function qosOfInstance(db: Db, instanceId: string): Promise<string | undefined> {
  const row = await query(db)
    .selectFrom("qos_instance")
    .select("qos_id")
    .where("instance_id", "=", instanceId)
    .executeTakeFirst();
  return row?.qos_id;
}

/** Id of any instance that has this QoS policy. */
export async function instanceWithQos(db: Db, qosId: string): Promise<string | undefined> {
  const row = await query(db)
    .selectFrom("qos_instance")
    .select("instance_id")
    .where("qos_id", "=", qosId)
    .executeTakeFirst();
  return row?.instance_id;
}

/** Gives an instance a QoS policy unless it has one; returns the one it then has. */
export async function associateQos(
  tx: Tx,
  instanceId: string,
  qosId: string,
): Promise<{ qosId: string; added: boolean }> {
  const added = await query(tx)
    .insertInto("qos_instance")
    .values({ instance_id: instanceId, qos_id: qosId })
    .onConflict((conflict) => conflict.column("instance_id").doNothing())
    .executeTakeFirst();
  const { qos_id } = await query(tx)
    .selectFrom("qos_instance")
    .select("qos_id")
    .where("instance_id", "=", instanceId)
    .executeTakeFirstOrThrow();
  return { qosId: qos_id, added: added.numInsertedOrUpdatedRows === 1n };
}

/** False = it was not associated. */
export async function disassociateQos(tx: Tx, instanceId: string, qosId: string): Promise<boolean> {
  const { numDeletedRows } = await query(tx)
    .deleteFrom("qos_instance")
    .where("instance_id", "=", instanceId)
    .where("qos_id", "=", qosId)
    .executeTakeFirst();
  return numDeletedRows === 1n;
}
