import { connectedInstances } from "../../store/queries/chains.ts";
import type { Context } from "../context.ts";
import { profileChanged } from "../sessions/profile.ts";

/**
 * The way to cloud networks may have changed for anybody: every instance with sessions is looked at again, and those whose
 * routes or hops are others now are told. Which objects lead to which instance is for the chain to know, not for every change.
 */
export async function networksChanged(context: Context): Promise<void> {
  for (const id of await connectedInstances(context.store)) await profileChanged(context, id);
}
