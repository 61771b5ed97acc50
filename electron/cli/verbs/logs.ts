import { Failure } from "../../core/causes/failure.ts";
import { makePrivateDir, systemEnvironment } from "../../core/environment.ts";
import { logDirOf } from "../../core/logs/log.ts";
import { followLogs, type LogEntry, readLogs } from "../../core/logs/read.ts";
import type { Context } from "../context.ts";
import type { Verb } from "../verb.ts";

interface Flags {
  intranet?: string;
  lines?: string;
  follow?: boolean;
}

/** What core and sag-tunnel wrote, as one trail; with --json one line of JSON per entry. */
export const logs: Verb<[string | undefined], Flags> = async (context, flags, named) => {
  const { output, signal } = context;
  const count = Number(flags.lines ?? 100);
  if (!Number.isInteger(count) || count < 0) throw new Failure("invalid_argument", { text: "--lines is a number." });
  const environment = systemEnvironment();
  const id = await idOf(context, flags.intranet ?? named);
  const tell = (entries: LogEntry[]): void => {
    for (const entry of entries) {
      output.print(line(entry));
      output.printJson(entry);
    }
  };
  if (flags.follow)
    for (const dir of [environment.stateDir, logDirOf(environment)]) makePrivateDir(dir, environment.uid);
  const kept = readLogs(environment, id);
  tell(count === 0 ? [] : kept.slice(-count));
  if (!flags.follow) {
    if (kept.length === 0) output.say("Nothing has been logged here yet.");
    return 0;
  }
  const following = followLogs(environment, id, tell);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  following.close();
  return 0;
};

async function idOf({ client }: Context, named: string | undefined): Promise<string | undefined> {
  if (named === undefined) return undefined;
  const list = await (await client()).intranets();
  const found = list.find((one) => one.intranet === named) ?? list.find((one) => one.intranetId === named);
  if (found) return found.intranetId;
  throw new Failure("unknown_intranet", { subject: named });
}

function line({ time, level, msg, source, ...fields }: LogEntry): string {
  const rest = Object.entries(fields).map(
    ([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  return [time, level.padEnd(5), source.padEnd(10), msg, ...rest].join(" ");
}
