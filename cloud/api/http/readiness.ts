import { statfs } from "node:fs/promises";
import { type Message, say } from "../../base/say.ts";
import type { Context } from "../../domain/context.ts";
import { probe } from "../../store/queries/totals.ts";

/** Free bytes below which commits are about to fail. */
const neededBytes = 1024 * 1024;

/** How long a result is kept, ms, so that frequent requests do not load the disk. */
const keptMs = 1_000;

export interface ReadinessParts {
  context: Context;
  /** Aborted when the server begins to stop. */
  stopping: AbortSignal;
  /** End of validity of the certificate in use, epoch ms. */
  certificateEnd(): number;
  /** The data directory. */
  data: string;
}

/** Why the server cannot serve; undefined if it can. */
export type Readiness = () => Promise<Message | undefined>;

/** Checks whether the server can serve, at most once in a second. It logs each change of the result. */
export function readiness(parts: ReadinessParts): Readiness {
  const { clock, log } = parts.context;
  let checkedAt = Number.NEGATIVE_INFINITY;
  let result: Promise<Message | undefined> = Promise.resolve(undefined);
  let logged: string | undefined;
  const checkAndLog = async (): Promise<Message | undefined> => {
    const reason = await check(parts).catch(() => say("not_ready_data"));
    if (reason?.text !== logged) {
      if (reason) log("warn", "not ready", { reason: reason.text });
      else log("info", "ready again");
    }
    logged = reason?.text;
    return reason;
  };
  return () => {
    // The clock can be set back.
    if (Math.abs(clock.now() - checkedAt) >= keptMs || parts.stopping.aborted) {
      checkedAt = clock.now();
      result = checkAndLog();
    }
    return result;
  };
}

async function check({ context, stopping, data, certificateEnd }: ReadinessParts): Promise<Message | undefined> {
  if (stopping.aborted) return say("not_ready_stopping");
  if (certificateEnd() <= context.clock.now()) return say("not_ready_certificate");
  const { bavail, bsize } = await statfs(data);
  if (bavail * bsize < neededBytes) return say("not_ready_disk");
  try {
    await probe(context.store);
    return undefined;
  } catch {
    return say("not_ready_store");
  }
}
