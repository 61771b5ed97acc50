import type { Clock } from "../../base/clock.ts";
import { MemoryAttempts } from "./attempts-memory.ts";
import { MemorySessionEvents } from "./events-memory.ts";
import { MemoryPeerTable } from "./peer-table-memory.ts";
import { MemoryPresence } from "./presence-memory.ts";
import type { Shared } from "./shared.ts";

/** Shared state for a cloud instance that runs as a single process. */
export function sharedInMemory(clock: Clock): Shared {
  return {
    // The epoch increases from process to process, so that access points do not confuse this table's revisions with an earlier one's.
    peers: new MemoryPeerTable(clock.now()),
    events: new MemorySessionEvents(),
    presence: new MemoryPresence(),
    attempts: (_name, rules) => new MemoryAttempts(rules, clock),
  };
}
