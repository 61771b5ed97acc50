import type { Clock } from "../base/clock.ts";
import type { AttemptLimiter } from "../security/attempts.ts";
import type { TokenMint } from "../security/tokens.ts";
import type { Store } from "../store/open.ts";
import type { PeerBoard } from "./accesspoints/board.ts";
import type { AccessPoints } from "./accesspoints/registry.ts";
import type { Mailer } from "./mailer.ts";
import type { EventHub } from "./sessions/events.ts";
import type { Presence } from "./sessions/presence.ts";
import type { Wakeup } from "./sessions/wakeup.ts";

/** Writes one structured line; never given a secret. */
export type Log = (
  level: "debug" | "info" | "warn" | "error",
  message: string,
  fields?: Record<string, unknown>,
) => void;

/** What the rules work with: the store, time, and what is held in memory while the server runs. */
export interface Context {
  store: Store;
  clock: Clock;
  log: Log;
  mint: TokenMint;
  /** Failed sign-ins per account and address prefix; unknown codes and names per prefix; second factors per account. */
  attempts: { account: AttemptLimiter; unknown: AttemptLimiter; secondFactor: AttemptLimiter };
  mailer: Mailer;
  /** First 48 bits of the cloud's own IPv6 range. */
  ula: bigint;
  board: PeerBoard;
  accessPoints: AccessPoints;
  events: EventHub;
  presence: Presence;
  /** Ends sessions whose lease ran out. */
  sweeper: Wakeup;
}
