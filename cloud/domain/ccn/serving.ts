import type { Db } from "../../store/db.ts";
import { lockCcn } from "../../store/locks.ts";
import { bind, defaultCcn, hasAccessPoints, instancesBoundTo } from "../../store/queries/ccns.ts";
import { transaction } from "../../store/transaction.ts";
import type { Context } from "../context.ts";
import { announceEnd, endSessions, runningSessions } from "../sessions/ending.ts";

export { defaultCcn };

/**
 * The CCN whose access points serve an instance: the one it is bound to if that has access points, otherwise the owner's default CCN.
 * The default CCN of another account is never used, since its access points reach that account's networks.
 */
export async function servingCcn(db: Db, tenantId: string, boundCcnId: string | null): Promise<string> {
  if (boundCcnId !== null && (await hasAccessPoints(db, boundCcnId))) return boundCcnId;
  return defaultCcn(db, tenantId);
}

/**
 * A CCN got its first access point or lost its last one: moves its instances to the CCN that now serves them, and ends their sessions
 * so that clients dial again.
 */
export async function accessPointsChanged(context: Context, ccnId: string): Promise<void> {
  const ending = { cause: "session_expired", reason: "served_elsewhere", text: "" } as const;
  const ended = await transaction(context.store, async (tx) => {
    await lockCcn(tx, ccnId);
    const bound = await instancesBoundTo(tx, ccnId);
    const running: string[] = [];
    for (const instance of bound) {
      const serving = await servingCcn(tx, instance.tenantId, instance.boundCcnId);
      if (serving === instance.ccnId) continue;
      await bind(tx, instance.id, { serving });
      running.push(...(await runningSessions(tx, { instanceId: instance.id })));
    }
    return endSessions(tx, context, running, ending);
  });
  await announceEnd(context, ended, ending);
}
