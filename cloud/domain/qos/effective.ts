import type { Db } from "../../store/db.ts";
import { carsOf, policiesOf, qosOfInstance } from "../../store/queries/qos.ts";
import type { QosCar, QosPolicy } from "../../store/shapes-traffic.ts";
import { parseTime } from "../limits/times.ts";
import { type QosPolicyView, viewPolicy } from "./listing.ts";

/** The bandwidth of a traffic class: what it gets when bandwidth is short, and what it never exceeds. */
export type QosLimit =
  /** Mbit/s. */
  | { type: "Absolute"; min: number; max: number }
  /** Percent of the instance's bandwidth. `of` is the published name of that bandwidth. */
  | { type: "Percent"; min: number; max: number; of: "CcnBandwidth" | "InternetUpBandwidth" };

/** A traffic class of an instance. */
export interface QosClass {
  /** Id of its throttling rule. */
  id: string;
  name: string;
  /** 1-7; the lowest number comes first when bandwidth is short. */
  priority: number;
  limit: QosLimit;
  /** The classification rules that apply now, in the order of matching. */
  rules: QosPolicyView[];
}

/** The QoS of an instance at one time. */
export interface EffectiveQos {
  /** The instance's QoS policy; null = none. */
  qosId: string | null;
  /** Ordered by priority. A packet belongs to the first class with a matching rule, else to none. */
  classes: QosClass[];
  /** When the next rule begins or ceases to apply, epoch ms; null = never. */
  changesAt: number | null;
}

/** Reads the QoS of an instance as it applies at `now` (epoch ms). */
export async function effectiveQos(db: Db, instanceId: string, now: number): Promise<EffectiveQos> {
  const qosId = await qosOfInstance(db, instanceId);
  if (qosId === undefined) return { qosId: null, classes: [], changesAt: null };
  const [cars, policies] = [await carsOf(db, qosId), await policiesOf(db, qosId)];
  return { qosId, ...classesAt(cars, policies, now) };
}

/**
 * The classes that rules make at `now` (epoch ms); both lists in the order in which they apply. Of several throttling rules with the
 * same priority, the earliest takes effect. A classification rule without a throttling rule of its priority has no effect.
 */
export function classesAt(
  cars: readonly QosCar[],
  policies: readonly QosPolicy[],
  now: number,
): Pick<EffectiveQos, "classes" | "changesAt"> {
  const first = cars.filter((car, i) => cars.findIndex(({ priority }) => priority === car.priority) === i);
  const priorities = new Set(first.map(({ priority }) => priority));
  const windows = policies
    .filter(({ priority }) => priorities.has(priority))
    .map((policy) => ({
      policy,
      start: parseTime(policy.startTime) ?? Number.NEGATIVE_INFINITY,
      end: parseTime(policy.endTime) ?? Number.POSITIVE_INFINITY,
    }));
  const active = windows.filter(({ start, end }) => start <= now && now < end).map(({ policy }) => policy);
  const edges = windows.flatMap(({ start, end }) => [start, end]).filter((at) => at > now && Number.isFinite(at));
  return {
    classes: first.map((car) => ({
      id: car.id,
      name: car.name,
      priority: car.priority,
      limit: limitOf(car),
      rules: active.filter(({ priority }) => priority === car.priority).map(viewPolicy),
    })),
    changesAt: edges.length === 0 ? null : Math.min(...edges),
  };
}

function limitOf(car: QosCar): QosLimit {
  if (car.limitType === "Absolute") return { type: "Absolute", min: car.minAbs ?? 0, max: car.maxAbs ?? 0 };
  const of = car.percentSource === "InternetUpBandwidth" ? "InternetUpBandwidth" : "CcnBandwidth";
  return { type: "Percent", min: car.minPercent ?? 0, max: car.maxPercent ?? 0, of };
}
