import type { Command } from "commander";
import { toJSONSchema } from "zod/mini";
import type { $ZodType } from "zod/v4/core";
import { causeTable } from "../../common/causes/table.ts";
import { failureView } from "../core/causes/failure.ts";
import type { CauseCode } from "../core/client/model.ts";
import { describeCommands } from "./commands.ts";
import { examples } from "./examples.ts";
import { failureSchema, outputs, stateSchema } from "./schemas.ts";

const fixers = { you: "you", administrator: "your administrator", network: "the network you are on", unspecified: "" };

/**
 * Generates docs/cli.md from the command tree, the cause table and the schemas; `npm run generate` writes the file.
 */
export function manual(): string {
  const program = describeCommands(() => async () => undefined);
  return `${[
    "# The `sag` command",
    "",
    "<!-- Written by electron/cli/manual.ts from the commands, the cause table and the schemas; a test compares. -->",
    "",
    "Results are printed on stdout, progress and messages on stderr. With `--json`, stdout has exactly one line of JSON, also on failure;",
    "`status --watch --json` prints one line per change, `logs --json` one per entry. Colour is only used on a terminal, and never with `NO_COLOR`.",
    "Passwords and codes are typed without echo or read from standard input, never from an argument or the environment.",
    "",
    "Commands that take an intranet accept its name (see `sag intranets`) or its ID. If there is only one intranet, you can leave it out.",
    "",
    "## Verbs",
    ...program.commands.flatMap(describeVerb),
    "",
    "## How programs reach the intranet",
    "",
    "In proxy mode, `sag run` sets HTTP_PROXY, HTTPS_PROXY and NO_PROXY, in upper and lower case. It removes an inherited ALL_PROXY, because",
    "many programs fail if it contains a SOCKS address (everything that uses Python's httpx). Only curl gets ALL_PROXY, which it uses for ftp,",
    "ldap, telnet and other protocols. So that Git reaches SSH remotes, GIT_SSH_COMMAND is set with the options of Git's core.sshCommand, unless",
    "GIT_SSH_COMMAND or GIT_SSH is already set. NODE_USE_ENV_PROXY makes Node.js (22.21, and 24.5 or later) use the proxy, JAVA_TOOL_OPTIONS makes",
    "Java use it for HTTP; Java prints a line about this on stderr. Programs that do not support proxies (psql, redis-cli, ssh, dig, older",
    "versions of Node.js and others) connect directly, not through the tunnel; `sag run` prints a warning for the common ones.",
    "",
    "`sag run --isolate` (Linux) runs a command in its own network namespace, in which the tunnel is the only connection: TCP, UDP, DNS queries of",
    "all types and pings go through the tunnel. Nothing outside the intranet can be reached, not even this computer's loopback addresses. Root is not",
    "required, but the kernel must allow unprivileged user namespaces, and the user must be able to open `/dev/net/tun`. If the command uses another",
    "process through a Unix socket (Docker, a D-Bus service, an SSH agent), that process still uses the normal network. With several intranets,",
    "choose one with `--intranet`; their addresses may overlap. The command inherits standard input, output and error, but no other open file",
    "descriptors (not even those of `<(…)`), because an inherited socket would bypass the tunnel. It has no capabilities and cannot gain any",
    "(`no_new_privs`): sudo, su and other setuid programs do not work in it.",
    "",
    "## Exit codes",
    "",
    "0 is success, 130 an interrupt by Ctrl-C. Every failure has a cause. The exit code of a cause never changes.",
    "",
    "| exit | cause | message | who can fix it |",
    "|---|---|---|---|",
    ...(Object.keys(causeTable) as CauseCode[])
      .sort((a, b) => causeTable[a].exit - causeTable[b].exit)
      .map((code) => {
        const { message, fixer } = failureView(code);
        return `| ${causeTable[code].exit} | \`${code}\` | ${message} | ${fixers[fixer]} |`;
      }),
    "",
    "## Files",
    "",
    "| what | where |",
    "|---|---|",
    "| intranets, pins, proxy addresses; nothing secret | `~/.config/sag/settings.json`, or under `$XDG_CONFIG_HOME` |",
    "| device id, logs, and with `--store file` the sign-ins | `~/.local/state/sag/`, or under `$XDG_STATE_HOME` |",
    "| sockets and sessions of what is connected | `~/.local/state/sag/run/`; if there is no home directory or its path is too long, `/tmp/sag-UID-…/` |",
    "| compiled code, may be deleted | `~/.cache/sag/`, or under `$XDG_CACHE_HOME` |",
    "",
    "## JSON",
    "",
    "Times are in milliseconds, traffic is in bytes, addresses are `HOST:PORT`, and `pac` is a URL. `null` means that there is no value at the",
    "moment. Later versions may add fields, but do not change or remove these.",
    "",
    "### A failure",
    ...schema(failureSchema),
    "",
    "### The state of an intranet",
    "",
    `Printed by ${verbsWith(stateSchema).join(", ")}; \`sag status\` prints a list of them.`,
    ...schema(stateSchema),
    ...Object.entries(outputs)
      .filter(([verb, one]) => one !== stateSchema && verb !== "status")
      .flatMap(([verb, one]) => ["", `### \`sag ${verb}\``, ...(one.def.type === "never" ? nothing : schema(one))]),
  ].join("\n")}\n`;
}

function describeVerb(command: Command): string[] {
  const usage = command.registeredArguments.map((one) => {
    const name = one.variadic ? `${one.name()}...` : one.name();
    return one.required ? `<${name}>` : `[${name}]`;
  });
  const options = command.options.filter((option) => option.long !== "--json");
  return [
    "",
    `### \`${["sag", command.name(), ...usage].join(" ")}\``,
    "",
    `${command.description().charAt(0).toUpperCase()}${command.description().slice(1)}.`,
    ...(options.length > 0 ? ["", "| option | what for |", "|---|---|"] : []),
    ...options.map((option) => `| \`${option.flags}\` | ${option.description} |`),
    ...(examples[command.name()] ? ["", "```sh", ...(examples[command.name()] ?? []), "```"] : []),
  ];
}

const verbsWith = (wanted: unknown): string[] =>
  Object.entries(outputs)
    .filter(([, one]) => one === wanted)
    .map(([verb]) => `\`sag ${verb}\``);

const nothing = [
  "",
  "Prints no JSON of its own except for a failure. Everything else on stdout comes from the command or the host.",
];

const schema = (of: $ZodType): string[] => {
  // "input": unknown fields are allowed, since later versions may add some.
  const { $schema: _, ...shape } = toJSONSchema(of, { io: "input" });
  return ["", "```json", JSON.stringify(shape), "```"];
};

if (import.meta.main) process.stdout.write(manual());
