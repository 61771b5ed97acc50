import { Command, Option } from "commander";
import { texts } from "../../common/text/cli.ts";
import { examples } from "./examples.ts";
import type { Call } from "./verb.ts";

const { verbs } = texts.cli.help;

/** Headings that the parser prints. */
const titles = new Map([
  ["Usage:", texts.cli.parser.usage],
  ["Arguments:", texts.cli.parser.arguments],
  ["Options:", texts.cli.parser.options],
  ["Commands:", texts.cli.parser.commands],
]);

/**
 * Every verb with its flags, or `only` the one that is called, because describing all takes 2 ms. The parser, --help,
 * docs/cli.md and completion are all generated from this.
 */
export function describeCommands(call: Call, only?: string): Command {
  const program = new Command("sag")
    .description(texts.cli.help.program)
    .exitOverride()
    // Options after a command that `sag run` starts belong to that command.
    .enablePositionalOptions()
    // The program prints usage errors itself, translated.
    .configureOutput({ outputError: () => undefined })
    .configureHelp({ styleTitle: (title) => titles.get(title) ?? title })
    .helpOption("-h, --help", texts.cli.parser.help)
    .helpCommand("help [command]", texts.cli.parser.help)
    .option("--json", texts.cli.help.json)
    .option("-V, --version", texts.cli.help.version)
    .addHelpText("after", examplesOf(""));
  const verb: Define = (usage, summary, describe) => {
    const name = usage.split(" ")[0] ?? "";
    if (only !== undefined && name !== only) return;
    // Only commands created by the program inherit exitOverride and the output.
    const command = program.command(usage).description(summary).option("--json", texts.cli.help.json);
    describe(command.addHelpText("after", examplesOf(name)));
  };

  describeSignIn(verb, call);
  describeSession(verb, call);
  describeReaching(verb, call);
  verb("logs [intranet]", verbs.logs.summary, (command) =>
    command
      .addOption(intranetFlag())
      .option("--lines <number>", verbs.logs.lines)
      .option("--follow", verbs.logs.follow)
      .action(call(async () => (await import("./verbs/logs.ts")).logs)),
  );
  verb("repair", verbs.repair.summary, (command) =>
    command.action(call(async () => (await import("./verbs/repair.ts")).repair)),
  );
  verb("lockdown <what>", verbs.lockdown.summary, (command) =>
    command
      .option("--for <time>", verbs.lockdown.for)
      .option("--yes", verbs.lockdown.yes)
      .action(call(async () => (await import("./verbs/lockdown.ts")).lockdown)),
  );
  verb("service <what> [link]", verbs.service.summary, (command) =>
    command
      .option("--trust <link>", verbs.service.trust)
      .option("--user <name>", verbs.service.user)
      .option("--password-stdin", verbs.service.password)
      .option("--otp-stdin", verbs.service.otp)
      .option("--root <dir>", verbs.service.root)
      .action(call(async () => (await import("./verbs/service.ts")).service)),
  );
  verb("completion <shell>", verbs.completion.summary, (command) =>
    command.action(call(async () => (await import("./verbs/completion.ts")).completion)),
  );
  verb("version", verbs.version.summary, (command) =>
    command
      .option("--licenses", verbs.version.licenses)
      .action(call(async () => (await import("./verbs/version.ts")).version)),
  );
  return program;
}

const examplesOf = (verb: string): string =>
  examples[verb] ? `\n${texts.cli.parser.examples}\n${examples[verb].map((one) => `  ${one}\n`).join("")}` : "";

type Define = (usage: string, summary: string, describe: (command: Command) => Command) => void;

const intranetFlag = (): Option => new Option("--intranet <name>", texts.cli.help.intranet);

function describeSignIn(verb: Define, call: Call): void {
  verb("sign-in [link]", verbs.signIn.summary, (command) =>
    command
      .option("--server <url>", verbs.signIn.server)
      .option("--enterprise-code <code>", verbs.signIn.enterpriseCode)
      .option("--user <name>", verbs.signIn.user)
      .option("--password-stdin", verbs.signIn.password)
      .option("--otp-stdin", verbs.signIn.otp)
      .option("--store <where>", verbs.signIn.store)
      .option("--replace-identity", verbs.signIn.replaceIdentity)
      .option("--intranet <name>", verbs.signIn.intranet)
      .action(call(async () => (await import("./verbs/sign-in.ts")).signIn)),
  );
  verb("sign-out [intranet]", verbs.signOut.summary, (command) =>
    command
      .addOption(intranetFlag())
      .option("--forget", verbs.signOut.forget)
      .action(call(async () => (await import("./verbs/sign-out.ts")).signOut)),
  );
  const account: Define = (usage, summary, describe) =>
    verb(usage, summary, (command) =>
      describe(
        command
          .addOption(intranetFlag())
          .option("--link <link>", texts.cli.help.link)
          .option("--user <name>", texts.cli.help.userWithLink),
      ),
    );
  account("password [intranet]", verbs.password.summary, (command) =>
    command
      .option("--password-stdin", verbs.password.password)
      .option("--otp-stdin", verbs.password.otp)
      .option("--forgotten", verbs.password.forgotten)
      .option("--code-stdin", verbs.password.code)
      .action(call(async () => (await import("./verbs/password.ts")).password)),
  );
  account("second-factor [intranet]", verbs.secondFactor.summary, (command) =>
    command
      .option("--confirm", verbs.secondFactor.confirm)
      .option("--remove", verbs.secondFactor.remove)
      .option("--password-stdin", verbs.secondFactor.password)
      .option("--otp-stdin", verbs.secondFactor.otp)
      .action(call(async () => (await import("./verbs/second-factor.ts")).secondFactor)),
  );
  verb("devices [intranet]", verbs.devices.summary, (command) =>
    command
      .addOption(intranetFlag())
      .option("--end <id>", verbs.devices.end)
      .action(call(async () => (await import("./verbs/own.ts")).devices)),
  );
  verb("sessions [intranet]", verbs.sessions.summary, (command) =>
    command
      .addOption(intranetFlag())
      .option("--end <id>", verbs.sessions.end)
      .action(call(async () => (await import("./verbs/own.ts")).sessions)),
  );
}

function describeSession(verb: Define, call: Call): void {
  verb("connect [link]", verbs.connect.summary, (command) =>
    command
      .addOption(intranetFlag())
      .option("--user <name>", verbs.connect.user)
      .option("--password-stdin", verbs.connect.password)
      .option("--otp-stdin", verbs.connect.otp)
      .option("--store <where>", verbs.connect.store)
      .option("--replace-identity", verbs.connect.replaceIdentity)
      .option("--mode <mode>", verbs.connect.mode)
      .option("--access-point <name>", verbs.connect.accessPoint)
      .option("--outside <what>", verbs.connect.outside)
      .option("--socks <host:port>", verbs.connect.socks)
      .option("--http <host:port>", verbs.connect.http)
      .option("--timeout <time>", verbs.connect.timeout)
      .option("--foreground", verbs.connect.foreground)
      .action(call(async () => (await import("./verbs/connect.ts")).connect)),
  );
  verb("status [intranet]", verbs.status.summary, (command) =>
    command
      .addOption(intranetFlag())
      .option("--watch", verbs.status.watch)
      .action(call(async () => (await import("./verbs/status.ts")).status)),
  );
  verb("disconnect [intranet]", verbs.disconnect.summary, (command) =>
    command.addOption(intranetFlag()).action(call(async () => (await import("./verbs/disconnect.ts")).disconnect)),
  );
  verb("intranets", verbs.intranets.summary, (command) =>
    command
      .option("--default <name>", verbs.intranets.default)
      .action(call(async () => (await import("./verbs/intranets.ts")).intranets)),
  );
  verb("proxy [intranet]", verbs.proxy.summary, (command) =>
    command
      .addOption(intranetFlag())
      .option("--all", verbs.proxy.all)
      .action(call(async () => (await import("./verbs/proxy.ts")).proxy)),
  );
}

/** The verbs that use a connected intranet. */
function describeReaching(verb: Define, call: Call): void {
  verb("run <command...>", verbs.run.summary, (command) =>
    command
      .addOption(intranetFlag())
      .option("--isolate", verbs.run.isolate)
      .passThroughOptions()
      .action(call(async () => (await import("./verbs/run.ts")).run)),
  );
  verb("open <url>", verbs.open.summary, (command) =>
    command
      .addOption(intranetFlag())
      .option("--browser <program>", verbs.open.browser)
      .action(call(async () => (await import("./verbs/open.ts")).open)),
  );
  verb("forward <forward...>", verbs.forward.summary, (command) =>
    command.addOption(intranetFlag()).action(call(async () => (await import("./verbs/forward.ts")).forward)),
  );
  verb("ssh-proxy <host> <port>", verbs.sshProxy.summary, (command) =>
    command.addOption(intranetFlag()).action(call(async () => (await import("./verbs/ssh-proxy.ts")).sshProxy)),
  );
  verb("resources [intranet]", verbs.resources.summary, (command) =>
    command.addOption(intranetFlag()).action(call(async () => (await import("./verbs/resources.ts")).resources)),
  );
  verb("ssh-config [intranet]", verbs.sshConfig.summary, (command) =>
    command
      .addOption(intranetFlag())
      .option("--all", verbs.sshConfig.all)
      .action(call(async () => (await import("./verbs/resources.ts")).sshConfig)),
  );
  verb("ping <host>", verbs.ping.summary, (command) =>
    command
      .addOption(intranetFlag())
      .option("--count <number>", verbs.ping.count)
      .option("--timeout <time>", verbs.ping.timeout)
      .action(call(async () => (await import("./verbs/ping.ts")).ping)),
  );
}
