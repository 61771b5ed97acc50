import type { Presence } from "./presence.ts";

interface Seen {
  accessPointId: string;
  generation: bigint;
}

/** For a single process. */
export class MemoryPresence implements Presence {
  readonly #seen = new Map<string, Seen>();
  readonly #handshakes = new Map<string, number>();

  seen(sessionId: string, accessPointId: string, generation: bigint): void {
    const known = this.#seen.get(sessionId);
    if (!known || generation >= known.generation) this.#seen.set(sessionId, { accessPointId, generation });
  }

  async accessPointsOf(sessionIds: readonly string[]): Promise<Map<string, string>> {
    return new Map(
      sessionIds.flatMap((id) => {
        const seen = this.#seen.get(id);
        return seen ? [[id, seen.accessPointId] as const] : [];
      }),
    );
  }

  heard(sessionId: string, handshakeAt: number): void {
    this.#handshakes.set(sessionId, Math.max(handshakeAt, this.#handshakes.get(sessionId) ?? 0));
  }

  async handshakesOf(sessionIds: readonly string[]): Promise<Map<string, number>> {
    return new Map(
      sessionIds.flatMap((id) => {
        const at = this.#handshakes.get(id);
        return at === undefined ? [] : [[id, at] as const];
      }),
    );
  }

  forget(sessionId: string): void {
    this.#seen.delete(sessionId);
    this.#handshakes.delete(sessionId);
  }
}
