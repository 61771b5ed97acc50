/** Which access point each client's traffic goes to, as access points report it from the client's probes. */
export interface Presence {
  /** A probe of this generation was marked "active here". An older one than the last is ignored. */
  seen(sessionId: string, accessPointId: string, generation: bigint): void;

  /** By session; those that were never seen are not in it. */
  accessPointsOf(sessionIds: readonly string[]): Promise<Map<string, string>>;

  /** The session is over. */
  forget(sessionId: string): void;
}
