/** A peer that every access point of a CCN shall have. */
export interface DesiredPeer {
  sessionId: string;
  instanceId: string;
  ccnId: string;
  publicKey: Uint8Array;
  /** Prefixes. */
  addresses: string[];
  destinations: string[];
  /** bit/s each way; 0 = uncapped. */
  bandwidth: number;
  /** Epoch ms. */
  leaseUntil: number;
  incarnation: number;
  /** Pre-shared key by access point. */
  keys: Map<string, Uint8Array>;
}

/** What changed in a CCN since some revision. */
export interface PeerDelta {
  revision: number;
  upsert: DesiredPeer[];
  remove: string[];
}

/** A peer to add or replace. `newKey`: access points that have it from before do not have its present key. */
export interface PeerUpsert {
  peer: DesiredPeer;
  newKey: boolean;
}

/**
 * The peers that access points should have, and a log of their changes by revision. Reads are answered from what this process knows;
 * changes are published to every process that serves access points. A table has an epoch: revisions of another one mean nothing, and access
 * points then get a snapshot.
 */
export interface PeerTable {
  /** Grows from table to table, so that revisions of two tables are not confused. */
  readonly epoch: number;
  /** The latest. */
  readonly revision: number;
  /** Number of peers. */
  readonly size: number;

  get(sessionId: string): DesiredPeer | undefined;

  peersOf(ccnId: string): DesiredPeer[];

  /** Fills the table at the start, before anybody listens. */
  load(peers: readonly DesiredPeer[]): void;

  /**
   * Applies removals and additions as one revision, which it returns: an address may move between them. Listeners hear of it at once.
   * Call it after the commit of what it follows from.
   */
  change(remove: readonly string[], upsert: readonly PeerUpsert[]): Promise<number>;

  /** What changed in a CCN after `revision`; undefined = that is too long ago, a snapshot is needed. */
  since(ccnId: string, revision: number): PeerDelta | undefined;

  /** From which revision on an access point that acknowledged has this session's present key; infinite = the session is not there. */
  keyedAt(sessionId: string): number;

  /** From which revision on an access point that acknowledged has this session no longer; 0 = since before this epoch. */
  removedAt(sessionId: string): number;

  /** All access points have confirmed the removal: it is not asked for again. */
  forgetRemoval(sessionId: string): void;

  /** Calls back with the id of each CCN in which something changed. Returns how to stop that. */
  listen(listener: (ccnId: string) => void): () => void;
}
