import type { Presence } from "./presence.ts";

interface Seen {
  accessPointId: string;
  generation: bigint;
}

/** For a single process. */
export class MemoryPresence implements Presence {
  readonly #seen = new Map<string, Seen>();

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

  forget(sessionId: string): void {
    this.#seen.delete(sessionId);
  }
}
