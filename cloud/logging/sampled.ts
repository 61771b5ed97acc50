import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";

/** Length of a sampling period, ms. */
const periodMs = 10_000;
/**
 * Lines per period: of one kind, of one kind of refusal, and of all refusals together. Unauthenticated clients can cause refusals
 * at any rate, so these have lower limits.
 */
const budgets = { kind: 100, refusal: 10, refusals: 30 };
/** The fields that distinguish kinds of lines; each has few possible values. */
const telling = ["call", "cause", "code"] as const;

interface Kind {
  level: Parameters<Log>[0];
  message: string;
  fields: Record<string, unknown>;
  lines: number;
  dropped: number;
}

/** A log whose growth is bounded whatever unauthenticated clients send. `flush` writes the summary of dropped lines now. */
export interface SampledLog {
  log: Log;
  flush(): void;
}

/**
 * Writes the first lines of each kind and replaces the rest by one summary with their number every 10 s. Without it, refused
 * sign-ins can fill a disk: 13 GB a day were measured.
 */
export function sampled(log: Log, clock: Clock): SampledLog {
  const kinds = new Map<string, Kind>();
  let refusals = 0;
  let cancel: (() => void) | undefined;

  const flush = () => {
    cancel?.();
    cancel = undefined;
    refusals = 0;
    for (const { level, message, fields, dropped } of kinds.values()) {
      if (dropped > 0) log(level, message, { ...fields, repeated: dropped, withinMs: periodMs });
    }
    kinds.clear();
  };

  return {
    flush,
    log(level, message, fields = {}) {
      const present = telling.filter((name) => fields[name] !== undefined && fields[name] !== "");
      const key = [level, message, ...present.map((name) => `${name}=${String(fields[name])}`)].join("|");
      let kind = kinds.get(key);
      if (!kind) {
        kind = {
          level,
          message,
          fields: Object.fromEntries(present.map((name) => [name, fields[name]])),
          lines: 0,
          dropped: 0,
        };
        kinds.set(key, kind);
        cancel ??= clock.after(periodMs, flush);
      }
      const isRefusal = level !== "error" && (present.includes("cause") || present.includes("code"));
      if (kind.lines >= (isRefusal ? budgets.refusal : budgets.kind) || (isRefusal && refusals >= budgets.refusals)) {
        kind.dropped++;
        return;
      }
      kind.lines++;
      if (isRefusal) refusals++;
      log(level, message, fields);
    },
  };
}
