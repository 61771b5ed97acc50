import type { Refusal } from "../../base/cause.ts";

/** What a running session's owner is told. */
export type SessionEvent =
  | { kind: "ended"; why: Refusal }
  | { kind: "profile"; revision: string }
  | { kind: "message"; text: string };

interface Subscriber {
  sessionId: string;
  instanceId: string;
  deliver: (event: SessionEvent) => void;
}

/** Who listens to which session in this process. */
export class EventHub {
  readonly #subscribers = new Set<Subscriber>();

  subscribe(sessionId: string, instanceId: string, deliver: (event: SessionEvent) => void): () => void {
    const subscriber = { sessionId, instanceId, deliver };
    this.#subscribers.add(subscriber);
    return () => this.#subscribers.delete(subscriber);
  }

  tell(sessionId: string, event: SessionEvent): void {
    for (const s of this.#subscribers) if (s.sessionId === sessionId) s.deliver(event);
  }

  tellInstance(instanceId: string, event: SessionEvent): void {
    for (const s of this.#subscribers) if (s.instanceId === instanceId) s.deliver(event);
  }

  /** Instances that somebody listens for. */
  instances(): Set<string> {
    return new Set([...this.#subscribers].map((s) => s.instanceId));
  }
}
