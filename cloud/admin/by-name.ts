import { Refusal } from "../base/cause.ts";
import { say } from "../base/say.ts";
import { commands } from "./commands/index.ts";
import { resolveNames } from "./references.ts";
import { type Runner, requireAccess, run } from "./run.ts";

/** Runs a command by its name, for sagctl. Its input may name objects instead of giving their ids. */
export async function byName(by: Runner, name: string, input: unknown): Promise<unknown> {
  const command = commands.get(name);
  if (!command) throw new Refusal("protocol_too_old", say("command_unknown", { name }));
  // Before the names are looked up, because the answer tells which exist.
  await requireAccess(by, command);
  return (await run(by, command, await resolveNames(by, name, input))) ?? {};
}
