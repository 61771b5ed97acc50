import { connectedInstances } from "../../store/queries/chains.ts";
import type { Context } from "../context.ts";
import { profileChanged } from "../sessions/profile.ts";

/**
 * Notifies clients whose routes or hops have changed. It checks every instance with sessions, so that a change need not know which
 * instances an object affects.
 */
export async function networksChanged(context: Context): Promise<void> {
  for (const id of await connectedInstances(context.store)) await profileChanged(context, id);
}
