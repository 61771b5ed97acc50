import { texts } from "../../../common/text/cli.ts";
import { Failure } from "../../core/causes/failure.ts";
import { makePrivateDir, systemEnvironment } from "../../core/host/environment.ts";
import { logDirOf } from "../../core/logs/log.ts";
import { followLogs, inOrder, type LogEntry, readLogs } from "../../core/logs/read.ts";
import { ServiceLog } from "../../core/logs/service.ts";
import type { Context } from "../context.ts";
import { untilUnread } from "../reader-gone.ts";
import type { Verb } from "../verb.ts";

interface Flags {
  intranet?: string;
  lines?: string;
  follow?: boolean;
}

/**
 * Prints the log entries of core, sag-tunnel and the service in order of time; with --json one line of JSON per
 * entry.
 */
export const logs: Verb<[string | undefined], Flags> = async (context, flags, named) => {
  const { output, signal } = context;
  const count = Number(flags.lines ?? 100);
  if (!Number.isInteger(count) || count < 0)
    throw new Failure("invalid_argument", { text: texts.cli.refusals.badLines });
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
  const service = new ServiceLog(environment, id);
  const ofService = await service.read();
  const kept = inOrder([...readLogs(environment, id), ...(ofService ?? [])]);
  tell(count === 0 ? [] : kept.slice(-count));
  if (!flags.follow) {
    if (kept.length === 0) output.say(texts.cli.host.nothingLogged);
    if (ofService) output.say(texts.cli.host.moreInJournal);
    return 0;
  }
  const following = followLogs(environment, id, tell);
  void service.follow(signal, tell);
  await untilUnread(signal);
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
