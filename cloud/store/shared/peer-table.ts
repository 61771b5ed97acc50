import type { AccessList } from "./access-rule.ts";
import type { ExportedFlowLog } from "./exported-flow-log.ts";
import type { InstanceLimits } from "./instance-limits.ts";

/** A peer that every access point of a CCN should have. */
export interface DesiredPeer {
  sessionId: string;
  instanceId: string;
  ccnId: string;
  publicKey: Uint8Array;
  /** Prefixes. */
  addresses: string[];
  destinations: string[];
  /** The access lists. The first one that has a matching rule decides. */
  lists: readonly AccessList[];
  /** The intranet's name servers, whose answers count for rules with names. */
  resolvers: readonly string[];
  /** How the flows of the peer are recorded; null = they are not. */
  flowLog: ExportedFlowLog | null;
  /** bit/s in each direction, for all sessions of the account together; 0 = uncapped. */
  bandwidth: number;
  accountId: string;
  /** Epoch ms. */
  leaseUntil: number;
  incarnation: number;
  /** Pre-shared keys by access point. */
  keys: Map<string, Uint8Array>;
}

/** Changes in a CCN since a revision. */
export interface PeerDelta {
  revision: number;
  upsert: DesiredPeer[];
  remove: string[];
}

/** A peer to add or replace. `newKey`: access points that already have the peer need its new key. */
export interface PeerUpsert {
  peer: DesiredPeer;
  newKey: boolean;
}

/**
 * The peers that access points should have, with a log of changes by revision. Reads use this process's copy; changes are published to
 * every process that serves access points. Revisions are valid only within one epoch; with another epoch, access points get a snapshot.
 */
export interface PeerTable {
  /** Increases from table to table, so that revisions of two tables are not confused. */
  readonly epoch: number;
  /** The latest revision. */
  readonly revision: number;
  /** Number of peers. */
  readonly size: number;

  get(sessionId: string): DesiredPeer | undefined;

  peersOf(ccnId: string): DesiredPeer[];

  /** Fills the table at start, before anyone listens. */
  load(peers: readonly DesiredPeer[]): void;

  /**
   * Applies removals and additions as one revision, because an address may move between two peers, and returns the revision. Notifies
   * listeners immediately. Call it after the commit.
   */
  change(remove: readonly string[], upsert: readonly PeerUpsert[]): Promise<number>;

  /** What limits the peers of an instance together; undefined = not known yet. */
  limits(instanceId: string): InstanceLimits | undefined;

  /** Sets the limits of an instance, as a change of each of its peers, and returns the revision. Call it after the commit. */
  setLimits(instanceId: string, limits: InstanceLimits): Promise<number>;

  /** Changes in a CCN after `revision`; undefined = too old, a snapshot is needed. */
  since(ccnId: string, revision: number): PeerDelta | undefined;

  /** Revision from which an access point that acknowledged it has this session's current key; infinity = no such session. */
  keyedAt(sessionId: string): number;

  /** Revision from which an access point that acknowledged it no longer has this session; 0 = removed before this epoch. */
  removedAt(sessionId: string): number;

  /** Drops a removal that all access points have confirmed. */
  forgetRemoval(sessionId: string): void;

  /** Calls back with the id of each CCN that changed. Returns the function that unsubscribes. */
  listen(listener: (ccnId: string) => void): () => void;
}
