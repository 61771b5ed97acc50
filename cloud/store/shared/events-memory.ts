import type { SessionEvent, SessionEvents } from "./events.ts";

interface Subscriber {
  sessionId: string;
  instanceId: string;
  deliver: (event: SessionEvent) => void;
}

/** For a single process. */
export class MemorySessionEvents implements SessionEvents {
  readonly #subscribers = new Set<Subscriber>();
  readonly #listeners = new Set<(accountId: string) => void>();

  subscribe(sessionId: string, instanceId: string, deliver: (event: SessionEvent) => void): () => void {
    const subscriber = { sessionId, instanceId, deliver };
    this.#subscribers.add(subscriber);
    return () => this.#subscribers.delete(subscriber);
  }

  publish(sessionId: string, event: SessionEvent): void {
    for (const s of this.#subscribers) if (s.sessionId === sessionId) s.deliver(event);
  }

  instances(): Set<string> {
    return new Set([...this.#subscribers].map((s) => s.instanceId));
  }

  endConnections(accountId: string): void {
    for (const listener of this.#listeners) listener(accountId);
  }

  onEndConnections(listener: (accountId: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
