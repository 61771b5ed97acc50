import type { InstanceLimits } from "./instance-limits.ts";
import type { DesiredPeer, PeerDelta, PeerTable, PeerUpsert } from "./peer-table.ts";

interface Change {
  revision: number;
  sessionId: string;
  ccnId: string;
}

/** Number of changes kept, so that a stream that reconnects needs no snapshot. */
const remembered = 4_096;

/** For a single process; each process is a new epoch. */
export class MemoryPeerTable implements PeerTable {
  readonly epoch: number;
  #revision = 1;
  readonly #peers = new Map<string, DesiredPeer>();
  readonly #limits = new Map<string, InstanceLimits>();
  /** Revision since which a session's current key applies, and revision at which a session was removed. */
  readonly #keyedAt = new Map<string, number>();
  readonly #removedAt = new Map<string, number>();
  #changes: Change[] = [];
  /** Changes after this revision are kept. */
  #floor = 1;
  readonly #listeners = new Set<(ccnId: string) => void>();

  constructor(epoch: number) {
    this.epoch = epoch;
  }

  get revision(): number {
    return this.#revision;
  }

  /** Number of peers. */
  get size(): number {
    return this.#peers.size;
  }

  get(sessionId: string): DesiredPeer | undefined {
    return this.#peers.get(sessionId);
  }

  peersOf(ccnId: string): DesiredPeer[] {
    return [...this.#peers.values()].filter((peer) => peer.ccnId === ccnId);
  }

  load(peers: readonly DesiredPeer[]): void {
    for (const peer of peers) {
      this.#peers.set(peer.sessionId, peer);
      this.#keyedAt.set(peer.sessionId, this.#revision);
    }
  }

  async change(remove: readonly string[], upsert: readonly PeerUpsert[]): Promise<number> {
    const touched = new Set<string>();
    this.#revision++;
    for (const sessionId of remove) {
      const peer = this.#peers.get(sessionId);
      if (!peer) continue;
      this.#peers.delete(sessionId);
      this.#keyedAt.delete(sessionId);
      this.#removedAt.set(sessionId, this.#revision);
      this.#remember(sessionId, peer.ccnId, touched);
    }
    for (const { peer, newKey } of upsert) {
      this.#peers.set(peer.sessionId, peer);
      if (newKey) this.#keyedAt.set(peer.sessionId, this.#revision);
      this.#remember(peer.sessionId, peer.ccnId, touched);
    }
    return this.#publish(touched);
  }

  limits(instanceId: string): InstanceLimits | undefined {
    return this.#limits.get(instanceId);
  }

  async setLimits(instanceId: string, limits: InstanceLimits): Promise<number> {
    const touched = new Set<string>();
    this.#revision++;
    this.#limits.set(instanceId, limits);
    for (const peer of this.#peers.values()) {
      if (peer.instanceId === instanceId) this.#remember(peer.sessionId, peer.ccnId, touched);
    }
    return this.#publish(touched);
  }

  /** Forgets the oldest changes and notifies the listeners. Returns the revision. */
  #publish(touched: ReadonlySet<string>): number {
    if (this.#changes.length > 2 * remembered) {
      const dropped = this.#changes.splice(0, this.#changes.length - remembered);
      this.#floor = dropped.at(-1)?.revision ?? this.#floor;
    }
    for (const ccnId of touched) for (const listener of this.#listeners) listener(ccnId);
    return this.#revision;
  }

  #remember(sessionId: string, ccnId: string, touched: Set<string>): void {
    this.#changes.push({ revision: this.#revision, sessionId, ccnId });
    touched.add(ccnId);
  }

  since(ccnId: string, revision: number): PeerDelta | undefined {
    if (revision > this.#revision || revision < this.#floor) return undefined;
    const ids = new Set<string>();
    for (let i = this.#changes.length - 1; i >= 0; i--) {
      const change = this.#changes[i];
      if (!change || change.revision <= revision) break;
      if (change.ccnId === ccnId) ids.add(change.sessionId);
    }
    const delta: PeerDelta = { revision: this.#revision, upsert: [], remove: [] };
    for (const id of ids) {
      const peer = this.#peers.get(id);
      if (peer) delta.upsert.push(peer);
      else delta.remove.push(id);
    }
    return delta;
  }

  keyedAt(sessionId: string): number {
    return this.#keyedAt.get(sessionId) ?? Number.POSITIVE_INFINITY;
  }

  removedAt(sessionId: string): number {
    return this.#removedAt.get(sessionId) ?? 0;
  }

  forgetRemoval(sessionId: string): void {
    this.#removedAt.delete(sessionId);
  }

  listen(listener: (ccnId: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
