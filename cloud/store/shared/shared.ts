import type { AttemptRules, Attempts } from "./attempts.ts";
import type { SessionEvents } from "./events.ts";
import type { PeerTable } from "./peer-table.ts";
import type { Presence } from "./presence.ts";

/** State that all processes of a cloud instance share, besides the database. */
export interface Shared {
  peers: PeerTable;
  events: SessionEvents;
  presence: Presence;
  /** Creates a counter. `name` identifies it and must be the same in all processes. */
  attempts(name: string, rules: AttemptRules): Attempts;
}
