import { Refusal } from "../base/cause.ts";
import { say } from "../base/say.ts";
import { commands } from "./commands/index.ts";
import { type Runner, run } from "./run.ts";

/** Runs a command by its name, for sagctl. */
export async function byName(by: Runner, name: string, input: unknown): Promise<unknown> {
  const command = commands.get(name);
  if (!command) throw new Refusal("protocol_too_old", say("command_unknown", { name }));
  return (await run(by, command, input)) ?? {};
}
