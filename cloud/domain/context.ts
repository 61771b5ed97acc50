import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { TokenMint } from "../security/tokens.ts";
import type { Store } from "../store/db.ts";
import type { SessionEvents } from "../store/shared/events.ts";
import type { PeerTable } from "../store/shared/peer-table.ts";
import type { Presence } from "../store/shared/presence.ts";
import type { DecidedPackets } from "./accesspoints/decided.ts";
import type { AccessPoints } from "./accesspoints/registry.ts";
import type { AttemptCounters } from "./attempts.ts";
import type { Mailer } from "./mailer.ts";
import type { LimitsInForce } from "./qos/limits.ts";
import type { Wakeup } from "./sessions/wakeup.ts";
import type { SettledTime } from "./settled.ts";
import type { RecordBudget } from "./signin/record-budget.ts";
import type { RotationTimes } from "./signin/rotation.ts";

/** What the domain's functions need: the store, the clock, and the state that the running server keeps in memory. */
export interface Context {
  store: Store;
  clock: Clock;
  log: Log;
  mint: TokenMint;
  attempts: AttemptCounters;
  /** Limits the audit records of refused sign-ins. */
  refusals: RecordBudget;
  /** Limits the audit records of successful sign-ins. */
  signIns: RecordBudget;
  mailer: Mailer;
  /** The time for deleting by age, which cannot be undone. */
  settled: SettledTime;
  /** When refresh tokens were rotated. */
  rotations: RotationTimes;
  /** The cloud's IPv6 prefix: the first 48 bits of a unique local range. */
  ula: bigint;
  /** Name of the pre-shared keys of all running sessions; changes when lost keys were replaced. */
  keysName: string;
  peers: PeerTable;
  /** Bandwidth and traffic classes of instances. */
  limits: LimitsInForce;
  accessPoints: AccessPoints;
  decided: DecidedPackets;
  events: SessionEvents;
  presence: Presence;
  /** Ends sessions whose lease is over. */
  sweeper: Wakeup;
}
