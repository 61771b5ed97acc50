import type { Context } from "../context.ts";
import { profileChanged } from "../sessions/profile.ts";

/**
 * The way to cloud networks may have changed for anybody: every instance with sessions is looked at again, and those whose
 * routes or hops are others now are told. Which objects lead to which instance is for the chain to know, not for every change.
 */
export async function networksChanged(context: Context): Promise<void> {
  const rows = await context.store
    .selectFrom("session")
    .select("instance_id")
    .distinct()
    .where("ended_at", "is", null)
    .execute();
  for (const { instance_id } of rows) await profileChanged(context, instance_id);
}
