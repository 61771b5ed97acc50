import type { AttemptRules, Attempts } from "./attempts.ts";
import type { SessionEvents } from "./events.ts";
import type { PeerTable } from "./peer-table.ts";
import type { Presence } from "./presence.ts";

/** What all processes of one cloud instance share besides the database's rows. */
export interface Shared {
  peers: PeerTable;
  events: SessionEvents;
  presence: Presence;
  /** Makes a counter. `name` identifies it, and must be the same in every process that shares it. */
  attempts(name: string, rules: AttemptRules): Attempts;
}
