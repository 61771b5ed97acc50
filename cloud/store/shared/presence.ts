/** The access point that currently carries each client, as reported by access points from the clients' probes. */
export interface Presence {
  /** Records a probe that was marked "active here"; ignores generations older than the last one. */
  seen(sessionId: string, accessPointId: string, generation: bigint): void;

  /** Access point ids by session id; sessions without a report are missing. */
  accessPointsOf(sessionIds: readonly string[]): Promise<Map<string, string>>;

  /** Records the client's last handshake with an access point, epoch ms; 0 = none yet. Earlier ones than the latest known are ignored. */
  heard(sessionId: string, handshakeAt: number): void;

  /** The last handshakes by session id, epoch ms; sessions without a report are missing. */
  handshakesOf(sessionIds: readonly string[]): Promise<Map<string, number>>;

  /** Removes a session that has ended. */
  forget(sessionId: string): void;
}
