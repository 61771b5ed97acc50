import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { TokenMint } from "../security/tokens.ts";
import type { Store } from "../store/db.ts";
import type { SessionEvents } from "../store/shared/events.ts";
import type { PeerTable } from "../store/shared/peer-table.ts";
import type { Presence } from "../store/shared/presence.ts";
import type { AccessPoints } from "./accesspoints/registry.ts";
import type { AttemptCounters } from "./attempts.ts";
import type { Mailer } from "./mailer.ts";
import type { Wakeup } from "./sessions/wakeup.ts";
import type { SettledTime } from "./settled.ts";
import type { RecordBudget } from "./signin/record-budget.ts";
import type { RotationTimes } from "./signin/rotation.ts";

/** What the rules work with: the store, time, and what is held in memory while the server runs. */
export interface Context {
  store: Store;
  clock: Clock;
  log: Log;
  mint: TokenMint;
  attempts: AttemptCounters;
  /** How many refused sign-ins the audit takes. */
  refusals: RecordBudget;
  /** How many sign-ins that went well it takes. */
  signIns: RecordBudget;
  mailer: Mailer;
  /** The time for what cannot be taken back. */
  settled: SettledTime;
  /** When refresh tokens were replaced. */
  rotations: RotationTimes;
  /** First 48 bits of the cloud's own IPv6 range. */
  ula: bigint;
  /** Names the keys of running sessions as a whole; another one after they had to be made anew. */
  keysName: string;
  peers: PeerTable;
  accessPoints: AccessPoints;
  events: SessionEvents;
  presence: Presence;
  /** Ends sessions whose lease ran out. */
  sweeper: Wakeup;
}
