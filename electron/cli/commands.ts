import { Command, Option } from "commander";
import { examples } from "./examples.ts";
import type { Call } from "./verb.ts";

/** Every verb with its flags, in one place: the parser, --help, docs/cli.md and completion are all made from this. */
export function describeCommands(call: Call): Command {
  const program = new Command("sag")
    .description("Dial into your company's intranet.")
    .exitOverride()
    // So that a command run by `sag run` keeps its own options.
    .enablePositionalOptions()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "sag: ")) })
    .option("--json", "JSON alone on standard output, failures too")
    .option("-V, --version", "the same as sag version")
    .addHelpText("after", examplesOf(""));
  // Commands inherit exitOverride and the output only when they are made by the program.
  const verb = (usage: string, summary: string): Command =>
    program
      .command(usage)
      .description(summary)
      .option("--json", "JSON alone on standard output, failures too")
      .addHelpText("after", examplesOf(usage.split(" ")[0] ?? ""));

  describeSignIn(verb, call);
  describeSession(verb, call);
  describeReaching(verb, call);
  verb("logs [intranet]", "show what was logged here, one trail of all parts")
    .addOption(intranetFlag())
    .option("--lines <number>", "how many of the last ones; 100 if not given")
    .option("--follow", "go on until Ctrl-C")
    .action(call(async () => (await import("./verbs/logs.ts")).logs));
  verb("repair", "undo whatever system mode has changed on this machine; needs root, and no service").action(
    call(async () => (await import("./verbs/repair.ts")).repair),
  );
  verb(
    "lockdown <what>",
    "let nothing leave this machine but the tunnel: on, off, status; portal opens the way to a captive portal",
  )
    .option("--for <time>", "with portal: how long, for example 2m; 5m if not given, and at most")
    .action(call(async () => (await import("./verbs/lockdown.ts")).lockdown));
  verb(
    "service <what> [link]",
    "system mode's service: install, remove, status; enroll LINK has the machine dial by itself",
  )
    .option("--user <name>", "user name of the machine's account, with enroll")
    .option("--password-stdin", "read its password from standard input, first line")
    .option("--otp-stdin", "read the code of an authenticator from standard input, next line")
    .option("--root <dir>", "into the image of a machine, instead of this one")
    .action(call(async () => (await import("./verbs/service.ts")).service));
  verb("completion <shell>", "print a completion script: bash, zsh, fish or powershell").action(
    call(async () => (await import("./verbs/completion.ts")).completion),
  );
  verb("version", "print the version").action(call(async () => (await import("./verbs/version.ts")).version));
  return program;
}

const examplesOf = (verb: string): string =>
  examples[verb] ? `\nExamples:\n${examples[verb].map((one) => `  ${one}\n`).join("")}` : "";

type Define = (usage: string, summary: string) => Command;

const intranetFlag = (): Option => new Option("--intranet <name>", "which intranet, when there are several");

function describeSignIn(verb: Define, call: Call): void {
  verb("sign-in [link]", "sign in by an enrolment link or CODE@HOST, and keep the sign-in")
    .option("--server <url>", "the cloud instance, instead of a link")
    .option("--enterprise-code <code>", "five letters or digits, instead of a link")
    .option("--user <name>", "your user name")
    .option("--password-stdin", "read the password from standard input, first line")
    .option("--otp-stdin", "read the code of your authenticator from standard input, next line")
    .option("--store <where>", "where the sign-in is kept: keychain or file")
    .option("--intranet <name>", "what to call it here")
    .action(call(async () => (await import("./verbs/sign-in.ts")).signIn));
  verb("sign-out [intranet]", "disconnect and end the sign-in")
    .addOption(intranetFlag())
    .option("--forget", "forget the intranet too, with its server's pins")
    .action(call(async () => (await import("./verbs/sign-out.ts")).signOut));
  const account = (usage: string, summary: string): Command =>
    verb(usage, summary)
      .addOption(intranetFlag())
      .option("--link <link>", "an enrolment link or CODE@HOST, while nobody has signed in here yet")
      .option("--user <name>", "your user name, with --link");
  account("password [intranet]", "change your password")
    .option("--password-stdin", "read the password now and the new one from standard input, two lines")
    .option("--otp-stdin", "read the code of your authenticator from standard input, next line")
    .option("--forgotten", "have a code sent to your mail address, and set a new password by it")
    .option("--code-stdin", "with --forgotten: read the code and the new password from standard input, two lines")
    .action(call(async () => (await import("./verbs/password.ts")).password));
  account("second-factor [intranet]", "set up an authenticator, or take it away")
    .option("--confirm", "only confirm: with a code made with the new secret")
    .option("--remove", "take it away")
    .option("--password-stdin", "read the password from standard input, first line")
    .option("--otp-stdin", "read the code of your authenticator from standard input, next line")
    .action(call(async () => (await import("./verbs/second-factor.ts")).secondFactor));
  verb("devices [intranet]", "list your own devices")
    .addOption(intranetFlag())
    .option("--end <id>", "sign this one out and end its session")
    .action(call(async () => (await import("./verbs/own.ts")).devices));
  verb("sessions [intranet]", "list your own running sessions")
    .addOption(intranetFlag())
    .option("--end <id>", "end this one")
    .action(call(async () => (await import("./verbs/own.ts")).sessions));
}

function describeSession(verb: Define, call: Call): void {
  verb("connect [link]", "connect; with a link, sign in and connect in one, keeping no sign-in")
    .addOption(intranetFlag())
    .option("--user <name>", "your user name, with a link")
    .option("--password-stdin", "read the password from standard input, first line; it is not kept")
    .option("--otp-stdin", "read the code of your authenticator from standard input, next line")
    .option("--mode <mode>", "proxy, system or auto")
    .option("--access-point <id>", "an access point of your choice")
    .option("--outside <what>", "what is not inside: direct or refuse")
    .option("--socks <host:port>", "where to listen for SOCKS5")
    .option("--http <host:port>", "where to listen for HTTP")
    .option("--timeout <time>", "give up after, for example 15s")
    .action(call(async () => (await import("./verbs/connect.ts")).connect));
  verb("status [intranet]", "show every intranet, after asking for proof of life")
    .addOption(intranetFlag())
    .option("--watch", "go on until Ctrl-C")
    .action(call(async () => (await import("./verbs/status.ts")).status));
  verb("disconnect [intranet]", "disconnect")
    .addOption(intranetFlag())
    .action(call(async () => (await import("./verbs/disconnect.ts")).disconnect));
  verb("intranets", "list the intranets known here")
    .option("--default <name>", "make this one the default: it is meant when none is named")
    .action(call(async () => (await import("./verbs/intranets.ts")).intranets));
  verb("proxy [intranet]", "print the proxy addresses, and lines for a shell")
    .addOption(intranetFlag())
    .option("--all", "write one PAC file for all that are connected, and print its address")
    .action(call(async () => (await import("./verbs/proxy.ts")).proxy));
}

/** What is done inside, once it is connected. */
function describeReaching(verb: Define, call: Call): void {
  verb("run <command...>", "run a command with the proxies in its environment; -- before it is not needed, but may be")
    .addOption(intranetFlag())
    .passThroughOptions()
    .action(call(async () => (await import("./verbs/run.ts")).run));
  verb("open <url>", "open a page in a browser with a profile of its own for the intranet")
    .addOption(intranetFlag())
    .option("--browser <program>", "which browser, a name or a path")
    .action(call(async () => (await import("./verbs/open.ts")).open));
  verb("forward <forward...>", "listen on loopback for you alone: [udp:][ADDRESS:]PORT:HOST:PORT, until Ctrl-C")
    .addOption(intranetFlag())
    .action(call(async () => (await import("./verbs/forward.ts")).forward));
  verb("ssh-proxy <host> <port>", "standard input and output as a connection, for OpenSSH's ProxyCommand")
    .addOption(intranetFlag())
    .action(call(async () => (await import("./verbs/ssh-proxy.ts")).sshProxy));
  verb("resources [intranet]", "list what your administrator publishes")
    .addOption(intranetFlag())
    .action(call(async () => (await import("./verbs/resources.ts")).resources));
  verb("ssh-config [intranet]", "print Host blocks for OpenSSH, one for each published resource of kind ssh")
    .addOption(intranetFlag())
    .action(call(async () => (await import("./verbs/resources.ts")).sshConfig));
  verb("ping <host>", "ask a host inside for an echo")
    .addOption(intranetFlag())
    .option("--count <number>", "how often; 4 if not given")
    .option("--timeout <time>", "how long to wait for each, for example 500ms; 2s if not given")
    .action(call(async () => (await import("./verbs/ping.ts")).ping));
}
