import { audit } from "../audit.ts";
import type { Context } from "../context.ts";
import { endNow, runningSessions } from "../sessions/ending.ts";
import { dropInstance } from "./instances.ts";

/** ms for which the configuration of an instance that has ended is kept; the product's newer rule. */
export const keptMs = 7 * 86_400_000;

/**
 * Ends the sessions of instances that have reached their end, and releases those that reached it long enough ago. Returns the
 * next such moment (epoch ms).
 */
export async function sweepInstances(context: Context): Promise<number | undefined> {
  const { store, clock } = context;
  const now = clock.now();
  const ending = await store
    .selectFrom("instance")
    .select(["id", "name", "end_time"])
    .where("end_time", "is not", null)
    .execute();
  const deadlines: number[] = [];
  for (const { id, name, end_time } of ending) {
    if (end_time === null) continue;
    if (end_time > now) {
      deadlines.push(end_time);
      continue;
    }
    const running = await runningSessions(store, { instanceId: id });
    await endNow(context, running, {
      cause: "instance_expired",
      text: "This intranet has reached the end of its term.",
    });
    if (end_time + keptMs > now) {
      deadlines.push(end_time + keptMs);
      continue;
    }
    await store.transaction().execute(async (tx) => {
      await dropInstance(tx, id);
      const before = { name, endTime: end_time };
      await audit(tx, now, { actor: "sag-cloud", action: "release instance", target: id, before });
    });
    context.log("info", "instance released after its end", { instance: id });
  }
  return deadlines.length === 0 ? undefined : Math.min(...deadlines);
}
