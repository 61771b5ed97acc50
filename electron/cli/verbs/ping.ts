import { setTimeout as sleep } from "node:timers/promises";
import { texts } from "../../../common/text/cli.ts";
import { Failure } from "../../core/causes/failure.ts";
import { systemEnvironment } from "../../core/host/environment.ts";
import { pingInside } from "../../core/reach/ping.ts";
import { connectedIntranet } from "../connected.ts";
import { readDuration } from "../flags.ts";
import type { Verb } from "../verb.ts";

interface Flags {
  intranet?: string;
  count?: string;
  timeout?: string;
}

/** Interval between two requests, ms. */
const pace = 1_000;

/** Sends an echo request every second; fails only if none was answered. */
export const ping: Verb<[string], Flags> = async (context, flags, host) => {
  const { output, signal } = context;
  const count = Number(flags.count ?? 4);
  if (!Number.isInteger(count) || count < 1 || count > 10_000) {
    throw new Failure("invalid_argument", { text: texts.cli.refusals.badCount });
  }
  const patienceMs = flags.timeout ? Math.min(readDuration(flags.timeout), 10_000) : 2_000;
  const state = await connectedIntranet(context, flags.intranet);
  const timesMs: number[] = [];
  let address: string | null = null;
  let sent = 0;
  let last: unknown;
  while (sent < count && !signal.aborted) {
    const start = performance.now();
    sent += 1;
    try {
      const echo = await pingInside(systemEnvironment(), state, host, { patienceMs, signal });
      address = echo.address;
      timesMs.push(echo.ms);
      output.print(texts.cli.reach.echo(host, echo.address, echo.ms));
    } catch (thrown) {
      if (signal.aborted) break;
      if (!(thrown instanceof Failure) || thrown.code !== "target_timeout") throw thrown;
      last = thrown;
      output.print(texts.cli.reach.noEcho(host));
    }
    if (sent < count)
      await sleep(Math.max(0, pace - (performance.now() - start)), undefined, { signal }).catch(() => {});
  }
  if (timesMs.length === 0) throw last ?? signal.reason;
  output.printJson({ intranet: state.intranet, host, address, sent, received: timesMs.length, timesMs });
  return 0;
};
