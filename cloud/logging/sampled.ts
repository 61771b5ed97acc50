import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";

/** ms after which counting begins anew. */
const periodMs = 10_000;
/** Lines of one kind in a period, and refusals of all kinds together: these anybody can cause, as often as he likes. */
const budgets = { kind: 100, refusal: 10, refusals: 30 };
/** The fields that make two lines the same kind; all of them have few values. */
const telling = ["call", "cause", "code"] as const;

interface Kind {
  level: Parameters<Log>[0];
  message: string;
  fields: Record<string, unknown>;
  lines: number;
  dropped: number;
}

/** A log whose growth is bounded, whatever unauthenticated clients send; `flush` writes what was left out until now. */
export interface SampledLog {
  log: Log;
  flush(): void;
}

/**
 * Lets the first lines of each kind through and sums up the rest, with the number that were left out, every 10 s: nobody fills a
 * disk with refused sign-ins (13 GB a day were seen), and what goes on can still be read.
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
      const told = telling.filter((name) => fields[name] !== undefined && fields[name] !== "");
      const key = [level, message, ...told.map((name) => `${name}=${String(fields[name])}`)].join("|");
      let kind = kinds.get(key);
      if (!kind) {
        kind = {
          level,
          message,
          fields: Object.fromEntries(told.map((name) => [name, fields[name]])),
          lines: 0,
          dropped: 0,
        };
        kinds.set(key, kind);
        cancel ??= clock.after(periodMs, flush);
      }
      const isRefusal = level !== "error" && (told.includes("cause") || told.includes("code"));
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
