import type { Clock } from "../../base/clock.ts";
import { MemoryAttempts } from "./attempts-memory.ts";
import { MemorySessionEvents } from "./events-memory.ts";
import { MemoryPeerTable } from "./peer-table-memory.ts";
import { MemoryPresence } from "./presence-memory.ts";
import type { Shared } from "./shared.ts";

/** For a cloud instance of one process. */
export function sharedInMemory(clock: Clock): Shared {
  return {
    // Grows from process to process, so that no access point takes this one's revisions for a former one's.
    peers: new MemoryPeerTable(clock.now()),
    events: new MemorySessionEvents(),
    presence: new MemoryPresence(),
    attempts: (_name, rules) => new MemoryAttempts(rules, clock),
  };
}
