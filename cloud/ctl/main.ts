import { resolve } from "node:path";
import { Command, CommanderError } from "commander";
import { version } from "../api/hello.ts";
import { invalid } from "../domain/cause.ts";
import { fail, usage } from "../failures.ts";
import type { Tools } from "./command.ts";
import { accountVerbs } from "./commands/accounts.ts";
import { dnsVerbs, instanceVerbs, linkVerbs, listVerbs, policyVerbs } from "./commands/instances.ts";
import { accessPointVerbs, auditVerbs, sessionVerbs } from "./commands/operating.ts";
import { locally } from "./connection.ts";

const program = new Command("sagctl")
  .version(version)
  .description("Administers a cloud instance on the same machine, while its server runs.")
  .option("--data <dir>", "data directory of the server")
  .option("--json", "JSON alone on stdout");

function tools(): Tools {
  const flags = program.opts<{ data?: string; json?: boolean }>();
  if (flags.data === undefined) throw invalid("data", "--data DIR is missing.");
  return {
    ask: locally(resolve(flags.data)),
    print<T>(result: unknown, words: (result: T) => string) {
      process.stdout.write(`${flags.json ? JSON.stringify(result) : words(result as T)}\n`);
    },
  };
}

for (const verbs of [
  instanceVerbs,
  listVerbs,
  accountVerbs,
  dnsVerbs,
  policyVerbs,
  linkVerbs,
  accessPointVerbs,
  sessionVerbs,
  auditVerbs,
]) {
  verbs(program, tools);
}

const json = process.argv.includes("--json");

/** --data and --json may stand anywhere; failures of usage are ours to print. */
function prepare(command: Command): void {
  command.exitOverride();
  if (json) command.configureOutput({ writeErr: () => {} });
  if (command !== program && command.commands.length === 0) {
    command.option("--data <dir>", "data directory of the server").option("--json", "JSON alone on stdout");
    command.hook("preAction", () => {
      for (const name of ["data", "json"]) {
        const value: unknown = command.getOptionValue(name);
        if (value !== undefined) program.setOptionValue(name, value);
      }
    });
  }
  for (const child of command.commands) prepare(child);
}
prepare(program);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) process.exit(0);
    if (json) fail(usage(error.message), true);
    process.exit(2);
  }
  fail(error, json);
}
