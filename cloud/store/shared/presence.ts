/** The access point that currently carries each client, as reported by access points from the clients' probes. */
export interface Presence {
  /** Records a probe that was marked "active here"; ignores generations older than the last one. */
  seen(sessionId: string, accessPointId: string, generation: bigint): void;

  /** Access point ids by session id; sessions without a report are missing. */
  accessPointsOf(sessionIds: readonly string[]): Promise<Map<string, string>>;

  /** Removes a session that has ended. */
  forget(sessionId: string): void;
}
