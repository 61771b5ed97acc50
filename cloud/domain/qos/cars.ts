import { newId } from "../../base/ids.ts";
import type { Db } from "../../store/db.ts";
import { lockQos } from "../../store/locks.ts";
import * as store from "../../store/queries/qos.ts";
import type { Qos, QosCar } from "../../store/shapes-traffic.ts";
import type { Change } from "../change.ts";
import { requireQuota } from "../quotas/limits.ts";
import { violation } from "../rules.ts";

/** Values of a throttling rule. Bandwidths in Mbit/s, percentages 1-100; null = of the other type. */
export type CarValues = Omit<QosCar, "id" | "qosId" | "createdAt">;

/** Values as an administrator gives them; undefined = not given. */
export type CarWishes = { [K in keyof CarValues]?: Exclude<CarValues[K], null> | undefined };

export async function carOf(db: Db, qos: Qos, id: string): Promise<QosCar> {
  const row = await store.findCar(db, qos.id, id);
  if (!row) throw violation("no-qos-car", { id });
  return row;
}

/**
 * The limit of a throttling rule: `before` with the given changes. The values of the type that it does not have are dropped, and refused
 * if they are given.
 */
function limitOf(
  before: Pick<CarValues, "minAbs" | "maxAbs" | "minPercent" | "maxPercent">,
  limitType: string,
  wanted: CarWishes,
): Pick<CarValues, "limitType" | "minAbs" | "maxAbs" | "minPercent" | "maxPercent"> {
  if (limitType === "Percent") {
    if (wanted.minAbs !== undefined || wanted.maxAbs !== undefined) throw violation("car-abs-excluded");
    const [min, max] = [wanted.minPercent ?? before.minPercent, wanted.maxPercent ?? before.maxPercent];
    if (min === null) throw violation("car-min-percent-missing");
    if (max === null) throw violation("car-max-percent-missing");
    if (min > max) throw violation("car-percent-range", { min, max });
    return { limitType, minAbs: null, maxAbs: null, minPercent: min, maxPercent: max };
  }
  if (wanted.minPercent !== undefined || wanted.maxPercent !== undefined) throw violation("car-percent-excluded");
  const [min, max] = [wanted.minAbs ?? before.minAbs, wanted.maxAbs ?? before.maxAbs];
  if (min === null) throw violation("car-min-abs-missing");
  if (max === null) throw violation("car-max-abs-missing");
  if (min > max) throw violation("car-abs-range", { min, max });
  return { limitType, minAbs: min, maxAbs: max, minPercent: null, maxPercent: null };
}

const noLimit = { minAbs: null, maxAbs: null, minPercent: null, maxPercent: null };

export async function createCar(
  change: Change,
  qos: Qos,
  wanted: CarWishes & Pick<CarValues, "priority" | "limitType">,
): Promise<QosCar> {
  const { tx, now } = change;
  const limit = limitOf(noLimit, wanted.limitType, wanted);
  await requireQuota(
    tx,
    qos.tenantId,
    "cars-per-qos",
    () => store.countCars(tx, qos.id),
    (most) => violation("qos-car-limit", { limit: most }),
  );
  const row: QosCar = {
    id: newId("qoscar"),
    qosId: qos.id,
    name: wanted.name ?? "",
    description: wanted.description ?? "",
    priority: wanted.priority,
    ...limit,
    percentSource: wanted.percentSource ?? "CcnBandwidth",
    createdAt: now,
  };
  await store.insertCar(tx, row);
  await change.audit(row.id, null, row);
  change.networks();
  return row;
}

export async function modifyCar(change: Change, qos: Qos, id: string, wanted: CarWishes): Promise<QosCar> {
  await lockQos(change.tx, qos.id);
  const car = await carOf(change.tx, qos, id);
  const after: QosCar = {
    ...car,
    name: wanted.name ?? car.name,
    description: wanted.description ?? car.description,
    priority: wanted.priority ?? car.priority,
    percentSource: wanted.percentSource ?? car.percentSource,
    ...limitOf(car, wanted.limitType ?? car.limitType, wanted),
  };
  await store.updateCar(change.tx, after);
  await change.audit(car.id, car, after);
  change.networks();
  return after;
}

/** Deletes a throttling rule. Classification rules of its priority remain, without effect until there is another one. */
export async function deleteCar(change: Change, car: QosCar): Promise<void> {
  if (!(await store.deleteCar(change.tx, car.id))) throw violation("no-qos-car", { id: car.id });
  await change.audit(car.id, car, null);
  change.networks();
}
