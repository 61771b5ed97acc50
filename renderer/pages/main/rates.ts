import type { TrafficPoint } from "../../../electron/bridge.ts";

export interface Rates {
  /** s since the epoch, one a second. */
  at: number[];
  /** bit/s. */
  down: number[];
  up: number[];
}

/**
 * Computes rates per second from counters at arbitrary times, with a constant rate between two points. Without new
 * points for a while the rate is zero.
 */
export const ratesOf = (points: TrafficPoint[], now: number, seconds: number): Rates => {
  const end = Math.floor(now / 1000);
  const at = Array.from({ length: seconds }, (_, i) => end - seconds + 1 + i);
  const down = new Array<number>(seconds).fill(0);
  const up = new Array<number>(seconds).fill(0);
  for (let i = 1; i < points.length; i += 1) {
    const before = points[i - 1];
    const after = points[i];
    if (!before || !after || after.at <= before.at) continue;
    const perSecond = 8000 / (after.at - before.at);
    const rx = Math.max(0, after.rxBytes - before.rxBytes) * perSecond;
    const tx = Math.max(0, after.txBytes - before.txBytes) * perSecond;
    const first = Math.ceil(before.at / 1000) - (end - seconds + 1);
    const last = Math.ceil(after.at / 1000) - (end - seconds + 1);
    for (let cell = Math.max(0, first); cell < Math.min(seconds, Math.max(last, first + 1)); cell += 1) {
      down[cell] = rx;
      up[cell] = tx;
    }
  }
  return { at, down, up };
};
