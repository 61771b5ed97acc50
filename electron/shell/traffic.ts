import type { TrafficPoint } from "../bridge.ts";
import type { IntranetState } from "../core/client/model.ts";

/** Time span of the graph, ms. */
const span = 5 * 60_000;
/** A new point less than this after the last but one replaces the last, so that about one a second is kept, ms. */
const step = 1200;

/** The counters of the last five minutes. They are kept in main, so that a window opened later shows them too. */
export class TrafficHistory {
  readonly #points = new Map<string, { session: string; points: TrafficPoint[] }>();

  /** Adds the counters of a state; returns null if the intranet has no session. */
  note(state: IntranetState, now: number): TrafficPoint | null {
    if (!state.session) {
      this.forget(state.intranetId);
      return null;
    }
    const known = this.#points.get(state.intranetId);
    // Counters start at zero with every session.
    const points = known?.session === state.session.id ? known.points : [];
    const point: TrafficPoint = { at: now, rxBytes: state.rxBytes, txBytes: state.txBytes };
    const before = points.at(-2);
    if (before && now - before.at < step) points.pop();
    points.push(point);
    const first = points.findIndex((entry) => entry.at >= now - span);
    if (first > 1) points.splice(0, first - 1);
    this.#points.set(state.intranetId, { session: state.session.id, points });
    return point;
  }

  forget(intranetId: string): void {
    this.#points.delete(intranetId);
  }

  all(): Record<string, TrafficPoint[]> {
    return Object.fromEntries([...this.#points].map(([id, { points }]) => [id, points]));
  }
}
