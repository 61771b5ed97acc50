import type { Change } from "../change.ts";
import { announceEnd, type Ending, endSessions, runningSessions } from "../sessions/ending.ts";

/** Ends sessions as part of a change; access points and clients are notified after the commit. Returns how many were running. */
async function end(change: Change, ids: readonly string[], ending: Ending): Promise<number> {
  const ended = await endSessions(change.tx, change.context, ids, ending);
  change.after(async () => announceEnd(change.context, ended, ending));
  return ended.length;
}

export async function endSessionsOf(change: Change, instanceId: string, ending: Ending): Promise<number> {
  return end(change, await runningSessions(change.tx, { instanceId }), ending);
}

export async function endAccountSessions(change: Change, accountId: string, ending: Ending): Promise<number> {
  return end(change, await runningSessions(change.tx, { accountId }), ending);
}

export const endTheseSessions = end;
