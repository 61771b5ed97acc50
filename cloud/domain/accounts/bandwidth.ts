import { runningWithBandwidth } from "../../store/queries/accounts.ts";
import type { Context } from "../context.ts";
import { profileChanged } from "../sessions/profile.ts";

/** Applies the account's stored bandwidth to its running sessions: updates the peers and notifies clients. */
export async function recap(context: Context, accountId: string): Promise<void> {
  const { store, peers } = context;
  const running = await runningWithBandwidth(store, accountId);
  const changed = running.flatMap(({ id, bandwidth }) => {
    const peer = peers.get(id);
    return peer ? [{ peer: { ...peer, bandwidth: bandwidth * 1_000 }, newKey: false }] : [];
  });
  if (changed.length > 0) await peers.change([], changed);
  for (const id of new Set(running.map((session) => session.instanceId))) await profileChanged(context, id, accountId);
}
