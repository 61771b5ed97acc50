import type { Refusal } from "../../base/cause.ts";

/** What a running session's owner is notified of. */
export type SessionEvent =
  | { kind: "ended"; why: Refusal }
  | { kind: "profile"; revision: string }
  | { kind: "message"; text: string };

/**
 * Passes events on to whoever holds the session's event stream, in whichever process that is. Events are not kept: who subscribes
 * later looks at the store first.
 */
export interface SessionEvents {
  /** Calls back with each event of a session. Returns how to stop that. */
  subscribe(sessionId: string, instanceId: string, deliver: (event: SessionEvent) => void): () => void;

  publish(sessionId: string, event: SessionEvent): void;

  /** Instances with a subscriber to one of their sessions. */
  instances(): Set<string>;

  /** An administrator ended what an account has here: connections on which its tokens were seen end too. */
  endConnections(accountId: string): void;

  /** Calls back with the id of each such account. Returns how to stop that. */
  onEndConnections(listener: (accountId: string) => void): () => void;
}
