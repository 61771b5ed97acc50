import type { Db } from "../../store/db.ts";
import type { AccessPointState } from "../accesspoints/registry.ts";
import type { Context } from "../context.ts";
import type { ClassCounters, Counted } from "./class-counters.ts";
import { effectiveQos } from "./effective.ts";

/** Keeps the counters that an access point reports. Those of other instances and of former classes are ignored. */
export function noteClassCounters(
  { peers }: Context,
  state: AccessPointState,
  bootId: string,
  counters: readonly ClassCounters[],
): void {
  if (bootId !== state.bootId) return;
  if (state.classes.bootId !== bootId) state.classes = { bootId, counters: new Map() };
  for (const each of counters) {
    const { instanceId, classId, direction } = each;
    const known = peers.limits(instanceId)?.classes.some(({ id }) => id === classId) ?? false;
    const used = peers.limits(instanceId) !== undefined;
    if (known || (used && classId === "")) state.classes.counters.set(`${instanceId} ${classId} ${direction}`, each);
  }
}

/** The counters of a class of an instance, of all access points. */
interface ClassStatistics extends Counted {
  /** Id and name of the throttling rule; "" = the packets that belong to no class. */
  id: string;
  name: string;
  direction: "up" | "down";
}

/** The counters of an instance's classes, ordered by priority; those of no class come last. */
export async function classStatistics(context: Context, db: Db, instanceId: string): Promise<ClassStatistics[]> {
  const { classes } = await effectiveQos(db, instanceId, context.clock.now());
  const all = context.accessPoints.list().flatMap((state) => [...state.classes.counters.values()]);
  return [...classes, { id: "", name: "" }].flatMap(({ id, name }) =>
    (["up", "down"] as const).flatMap((direction) => {
      const own = all.filter((c) => c.instanceId === instanceId && c.classId === id && c.direction === direction);
      return own.length === 0 ? [] : [{ id, name, direction, ...sumOf(own) }];
    }),
  );
}

function sumOf(all: readonly Counted[]): Counted {
  const sum = { packets: 0, bytes: 0, droppedFull: 0, droppedMemory: 0, droppedDelay: 0 };
  for (const each of all) for (const key of Object.keys(sum) as (keyof Counted)[]) sum[key] += each[key];
  return sum;
}
