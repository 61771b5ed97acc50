import type { Refusal } from "../../base/cause.ts";

/** An event for the owner of a running session. */
export type SessionEvent =
  | { kind: "ended"; why: Refusal }
  | { kind: "profile"; revision: string }
  | { kind: "message"; text: string };

/**
 * Delivers events to the event stream of a session, in whichever process that is. Events are not stored: a subscriber has to check the
 * store after subscribing.
 */
export interface SessionEvents {
  /** Calls back with each event of a session. Returns the function that unsubscribes. */
  subscribe(sessionId: string, instanceId: string, deliver: (event: SessionEvent) => void): () => void;

  publish(sessionId: string, event: SessionEvent): void;

  /** Instances with at least one subscriber. */
  instances(): Set<string>;

  /** Closes the connections of an account whose sessions an administrator ended. */
  endConnections(accountId: string): void;

  /** Calls back with the id of each such account. Returns the function that unsubscribes. */
  onEndConnections(listener: (accountId: string) => void): () => void;
}
