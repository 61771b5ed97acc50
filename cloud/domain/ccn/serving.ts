import type { Kysely } from "kysely";
import type { Schema } from "../../store/schema.ts";
import type { Context } from "../context.ts";
import { endNow, runningSessions } from "../sessions/ending.ts";

/**
 * Whose access points serve an instance of `tenantId` that is bound to `boundCcnId`: the CCN's own; as long as it has none,
 * those of the owner's default CCN. Never another account's: what these reach is not for us to declare.
 */
export async function servingCcn(db: Kysely<Schema>, tenantId: string, boundCcnId: string | null): Promise<string> {
  if (boundCcnId !== null) {
    const own = await db.selectFrom("access_point").select("id").where("ccn_id", "=", boundCcnId).executeTakeFirst();
    if (own) return boundCcnId;
  }
  return defaultCcn(db, tenantId);
}

/** The account's own one, whose access points serve what is bound to none. */
export async function defaultCcn(db: Kysely<Schema>, tenantId: string): Promise<string> {
  const row = await db
    .selectFrom("ccn")
    .select("id")
    .where("tenant_id", "=", tenantId)
    .where("is_default", "=", 1)
    .executeTakeFirstOrThrow();
  return row.id;
}

/** A CCN got its first access point, or lost its last: its instances move, and who is connected dials anew. */
export async function accessPointsChanged(context: Context, ccnId: string): Promise<void> {
  const { store } = context;
  const bound = await store
    .selectFrom("instance")
    .select(["id", "tenant_id", "ccn_id", "bound_ccn_id"])
    .where("bound_ccn_id", "=", ccnId)
    .execute();
  for (const instance of bound) {
    const serving = await servingCcn(store, instance.tenant_id, instance.bound_ccn_id);
    if (serving === instance.ccn_id) continue;
    await store.updateTable("instance").set({ ccn_id: serving }).where("id", "=", instance.id).execute();
    const running = await runningSessions(store, { instanceId: instance.id });
    await endNow(context, running, { cause: "session_expired", text: "Other access points serve this intranet now." });
  }
}
