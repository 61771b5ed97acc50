interface Seen {
  accessPointId: string;
  generation: bigint;
}

/** Which access point a client says it is at: the highest probe generation wins. */
export class Presence {
  readonly #seen = new Map<string, Seen>();

  seen(sessionId: string, accessPointId: string, generation: bigint): void {
    const known = this.#seen.get(sessionId);
    if (!known || generation >= known.generation) this.#seen.set(sessionId, { accessPointId, generation });
  }

  accessPointOf(sessionId: string): string | undefined {
    return this.#seen.get(sessionId)?.accessPointId;
  }

  forget(sessionId: string): void {
    this.#seen.delete(sessionId);
  }
}
