import { resolve } from "node:path";
import { Command } from "commander";
import { version } from "../api/hello.ts";
import { invalid } from "../base/cause.ts";
import { run } from "../command-line.ts";
import type { Tools } from "./command.ts";
import { accountVerbs } from "./commands/accounts.ts";
import { dnsVerbs, instanceVerbs, linkVerbs, listVerbs, policyVerbs } from "./commands/instances.ts";
import { accessPointVerbs, auditVerbs, sessionVerbs } from "./commands/operating.ts";
import { productVerbs } from "./commands/product.ts";
import { resourceVerbs } from "./commands/resources.ts";
import { setupVerbs } from "./commands/setup.ts";
import { type Ask, locally } from "./connection.ts";
import { remotely } from "./remote.ts";

const program = new Command("sagctl")
  .enablePositionalOptions()
  .version(version)
  .description("Administers a cloud instance: on the same machine by --data, from afar by --server and an access key.")
  .option("--data <dir>", "data directory of the server")
  .option("--server <url>", "address of its admin API, from afar")
  .option("--access-key-id <id>", "whose secret is in the keychain, or asked for")
  .option("--secret-stdin", "read the access key's secret from standard input")
  .option("--remember", "keep the secret in this machine's keychain")
  .option("--ca <file>", "authority (PEM) to trust besides the system's")
  .option("--json", "JSON alone on stdout");

interface Flags {
  data?: string;
  json?: boolean;
  server?: string;
  accessKeyId?: string;
  secretStdin?: boolean;
  remember?: boolean;
  ca?: string;
}

function asker({ data, server, accessKeyId, secretStdin, remember, ca }: Flags): Ask {
  // Before a verb, --server is where the admin API is; after `link create` it is another thing.
  if (server !== undefined && accessKeyId !== undefined) {
    return remotely({ server, accessKeyId, secretStdin, remember, ca });
  }
  if (data !== undefined) return locally(resolve(data));
  throw invalid("data", "Say where: --data DIR, or --server URL --access-key-id ID.");
}

function tools(): Tools {
  const flags = program.opts<Flags>();
  return {
    ask: asker(flags),
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
  resourceVerbs,
  accessPointVerbs,
  sessionVerbs,
  auditVerbs,
  productVerbs,
  setupVerbs,
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

await run(program, json);
