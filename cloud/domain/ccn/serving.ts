import type { Db } from "../../store/db.ts";
import { lockCcn } from "../../store/locks.ts";
import { bind, defaultCcn, hasAccessPoints, instancesBoundTo } from "../../store/queries/ccns.ts";
import { transaction } from "../../store/transaction.ts";
import type { Context } from "../context.ts";
import { announceEnd, endSessions, runningSessions } from "../sessions/ending.ts";

export { defaultCcn };

/**
 * Whose access points serve an instance of `tenantId` that is bound to `boundCcnId`: the CCN's own; as long as it has none,
 * those of the owner's default CCN. Never another account's: what these reach is not for us to declare.
 */
export async function servingCcn(db: Db, tenantId: string, boundCcnId: string | null): Promise<string> {
  if (boundCcnId !== null && (await hasAccessPoints(db, boundCcnId))) return boundCcnId;
  return defaultCcn(db, tenantId);
}

/** A CCN got its first access point, or lost its last: its instances move, and who is connected dials anew. */
export async function accessPointsChanged(context: Context, ccnId: string): Promise<void> {
  const ending = { cause: "session_expired", reason: "served_elsewhere", text: "" } as const;
  const ended = await transaction(context.store, async (tx) => {
    await lockCcn(tx, ccnId);
    const bound = await instancesBoundTo(tx, ccnId);
    const running: string[] = [];
    for (const instance of bound) {
      const serving = await servingCcn(tx, instance.tenant_id, instance.bound_ccn_id);
      if (serving === instance.ccn_id) continue;
      await bind(tx, instance.id, { serving });
      running.push(...(await runningSessions(tx, { instanceId: instance.id })));
    }
    return endSessions(tx, context, running, ending);
  });
  await announceEnd(context, ended, ending);
}
