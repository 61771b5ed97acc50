import { deleteInstance, instanceById, instancesThatEnd } from "../../store/queries/instances.ts";
import { transaction } from "../../store/transaction.ts";
import { audit } from "../audit.ts";
import type { Context } from "../context.ts";
import { announceEnd, endSessions, runningSessions } from "../sessions/ending.ts";

/** How long an instance is kept after the end of its term, ms; the product's newer rule. */
export const keptMs = 7 * 86_400_000;

const ending = { cause: "instance_expired", reason: "instance_expired", text: "" } as const;

/**
 * Ends the sessions of instances whose term is over, and deletes those whose term ended long enough ago. Renewing undoes the first but
 * nothing undoes the second, so deletion uses `settled` (epoch ms; see SettledTime). Returns the next deadline (epoch ms).
 */
export async function sweepInstances(context: Context, settled: number): Promise<number | undefined> {
  const now = context.clock.now();
  const deadlines: number[] = [];
  for (const { id, end } of await instancesThatEnd(context.store)) {
    if (end <= now) await sweepInstance(context, id, now, settled);
    const next = [end, end + keptMs].find((at) => at > now);
    if (next !== undefined) deadlines.push(next);
  }
  return deadlines.length === 0 ? undefined : Math.min(...deadlines);
}

async function sweepInstance(context: Context, id: string, now: number, settled: number): Promise<void> {
  const { ended, released } = await transaction(context.store, async (tx) => {
    // Check again within the transaction: the instance may have been renewed.
    const row = await instanceById(tx, id);
    if (!row || row.endTime === null || row.endTime > now) return { ended: [], released: false };
    const ended = await endSessions(tx, context, await runningSessions(tx, { instanceId: id }), ending);
    if (row.endTime + keptMs > settled) return { ended, released: false };
    await deleteInstance(tx, id);
    const before = { name: row.name, endTime: row.endTime };
    await audit(tx, now, { actor: "sag-cloud", action: "release instance", target: id, before });
    return { ended, released: true };
  });
  await announceEnd(context, ended, ending);
  if (released) context.log("info", "instance deleted after its end", { instance: id });
}
