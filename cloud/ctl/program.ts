import { resolve } from "node:path";
import { Command, type Option } from "commander";
import { ctlTexts } from "../../common/text/ctl.ts";
import { version } from "../api/hello.ts";
import { invalid, Refusal } from "../base/cause.ts";
import { foreign, say } from "../base/say.ts";
import { unexpanded } from "../paths.ts";
import { printResult } from "../results.ts";
import { inOurWords } from "../usage-words.ts";
import { versionCommand } from "../version-command.ts";
import type { Tools } from "./command.ts";
import { accountVerbs } from "./commands/accounts.ts";
import { dnsVerbs, instanceVerbs, linkVerbs, listVerbs, policyVerbs } from "./commands/instances.ts";
import { accessPointVerbs, auditVerbs, serverVerbs, sessionVerbs } from "./commands/operating.ts";
import { productVerbs } from "./commands/product.ts";
import { resourceVerbs } from "./commands/resources.ts";
import { setupVerbs } from "./commands/setup.ts";
import { storeVerbs } from "./commands/store.ts";
import { completionVerbs } from "./completion.ts";
import { confirming } from "./confirm.ts";
import { type Ask, locally } from "./connection.ts";
import { isCutting } from "./cutting.ts";
import { sayingWhatTakesLong } from "./long-requests.ts";
import { inTypedNames } from "./option-names.ts";
import { plain } from "./output.ts";
import { remotely } from "./remote.ts";
import { render, type Shown } from "./table.ts";

const { common, help } = ctlTexts;

/** How long to wait for a server that was started just before in the same script, ms. */
const startLimit = 5000;

interface Flags {
  data?: string;
  json?: boolean;
  yes?: boolean;
  server?: string;
  accessKeyId?: string;
  secretStdin?: boolean;
  remember?: boolean;
  ca?: string;
}

function connection({ data, server, accessKeyId, secretStdin, remember, ca, json }: Flags): Ask {
  const verbose = json !== true && process.stderr.isTTY === true;
  // Before a verb, --server is the URL of the admin API; after `link create` it is the server in the link.
  if (server !== undefined && accessKeyId !== undefined) {
    return sayingWhatTakesLong(remotely({ server, accessKeyId, secretStdin, remember, ca }), { remote: true, verbose });
  }
  if (data !== undefined) {
    const directory = resolve(unexpanded(data, "data"));
    const starting = () => process.stderr.write(`${ctlTexts.output.waiting(plain(directory))}\n`);
    return sayingWhatTakesLong(locally(directory, startLimit, starting), { remote: false, verbose });
  }
  throw invalid("data", foreign(ctlTexts.errors.arguments.where));
}

/** Names the options of the command that runs in refusals of the server. */
const asTyped =
  (ask: Ask, command: Command | undefined): Ask =>
  (...call) =>
    ask(...call).catch((error: unknown) => {
      throw error instanceof Refusal ? inTypedNames(error, command) : error;
    });

function toolsFor(flags: Flags, command: Command | undefined): Tools {
  const ask = asTyped(connection(flags), command);
  return {
    ask: flags.yes ? ask : confirming(ask),
    json: flags.json === true,
    print<T>(result: unknown, words: (result: T) => Shown, once?: string) {
      const { isTTY, columns } = process.stdout;
      const width = isTTY && columns > 0 ? columns : undefined;
      printResult(`${flags.json ? JSON.stringify(result) : render(words(result as T), width)}\n`, once);
    },
  };
}

/** Lets refusals of the option's parser begin with its name. */
function nameInRefusals(option: Option): void {
  const { parseArg, long } = option;
  if (!parseArg || !long) return;
  option.argParser((text, before) => {
    try {
      return parseArg(text, before as never);
    } catch (error) {
      if (!(error instanceof Refusal) || error.said.text.includes(long)) throw error;
      throw new Refusal(error.code, say("option_refused", { option: long, message: error.said }), error.details);
    }
  });
}

/** In the order of the help. */
const all = [
  instanceVerbs,
  listVerbs,
  accountVerbs,
  dnsVerbs,
  policyVerbs,
  linkVerbs,
  resourceVerbs,
  accessPointVerbs,
  serverVerbs,
  sessionVerbs,
  auditVerbs,
  productVerbs,
  setupVerbs,
  storeVerbs,
];

/** Builds sagctl with all verbs. With `json`, the argument parser prints nothing on stderr. */
export function makeProgram(json: boolean): Command {
  const program = new Command("sagctl")
    .enablePositionalOptions()
    .version(version, "-V, --version", ctlTexts.parser.version)
    .description(help.program.what)
    .option("--data <dir>", common.data)
    .option("--server <url>", help.program.server)
    .option("--access-key-id <id>", help.program.accessKeyId)
    .option("--secret-stdin", help.program.secretStdin)
    .option("--remember", help.program.remember)
    .option("--ca <file>", help.program.ca)
    .option("--json", common.json);
  let running: Command | undefined;
  program.hook("preAction", (_, command) => {
    running = command;
  });
  for (const verbs of all) verbs(program, () => toolsFor(program.opts<Flags>(), running));
  completionVerbs(program);
  versionCommand(program);

  /** Accepts --data and --json after the verb, too. */
  function prepare(command: Command): void {
    if (json) command.configureOutput({ writeErr: () => {} });
    for (const option of command.options) nameInRefusals(option);
    if (command !== program && command.commands.length === 0) {
      command.option("--data <dir>", common.data).option("--json", common.json);
      if (isCutting(`${command.parent?.name()} ${command.name()}`)) command.option("--yes", common.yes);
      command.hook("preAction", () => {
        for (const name of ["data", "json", "yes"]) {
          const value: unknown = command.getOptionValue(name);
          if (value !== undefined) program.setOptionValue(name, value);
        }
      });
    }
    for (const child of command.commands) prepare(child);
  }
  prepare(program);
  inOurWords(program);
  return program;
}
