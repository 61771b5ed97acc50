import type { Command } from "commander";
import { toJSONSchema } from "zod/mini";
import type { $ZodType } from "zod/v4/core";
import { causeTable } from "../../common/causes/table.ts";
import { failureView } from "../core/causes/failure.ts";
import type { CauseCode } from "../core/client/model.ts";
import { describeCommands } from "./commands.ts";
import { examples } from "./examples.ts";
import { failureSchema, outputs, stateSchema } from "./schemas.ts";

const menders = { you: "you", administrator: "your administrator", network: "the network you are on", unspecified: "" };

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
    "Results go to stdout, words about what goes on to stderr. With `--json` there is one line of JSON alone on stdout, also when it",
    "fails; `status --watch --json` prints a line per change, `logs --json` one per entry. Colour is used on a terminal only, and never with `NO_COLOR`.",
    "Passwords and codes are typed without echo or read from standard input, never from an argument or the environment.",
    "",
    "Where a verb takes an intranet, its name (`sag intranets`) or its id will do; with only one there is nothing to name.",
    "",
    "## Verbs",
    ...program.commands.flatMap(describeVerb),
    "",
    "## How programs get inside",
    "",
    "In proxy mode `sag run` sets HTTP_PROXY, HTTPS_PROXY and NO_PROXY, in upper and lower case, and takes an inherited ALL_PROXY away:",
    "many programs fail at once with a SOCKS address there (everything with Python's httpx). Only curl gets ALL_PROXY, which it uses for",
    "ftp, ldap, telnet and the like. GIT_SSH_COMMAND is set where neither it nor GIT_SSH is, with the options of Git's core.sshCommand, so",
    "that SSH remotes are reached. NODE_USE_ENV_PROXY has Node.js (22.21, 24.5 and later) use the proxy, and JAVA_TOOL_OPTIONS has Java do so for",
    "HTTP; Java says on stderr that it has picked that up. Programs that look at no proxy (psql, redis-cli, ssh, dig, older Node.js …) connect",
    "outside; `sag run` says so of those it knows.",
    "",
    "`sag run --isolate` (Linux) gives a command a network of its own, in which there is nothing but the tunnel: TCP, UDP, names of every",
    "type and pings go inside, and what is not inside cannot be reached at all, this machine's loopback included. It needs no root, but a",
    "kernel that lets users make user namespaces, and `/dev/net/tun`. What a command asks of another process by a Unix socket (Docker, a",
    "D-Bus service, an SSH agent) is done by that process, outside. With several intranets `--intranet` says which; they may have the same",
    "addresses. The command gets standard input, output and error as they are, and no other open descriptor (nor those of `<(…)`): an inherited socket",
    "would be a way past the tunnel. It has no capabilities and can get none (`no_new_privs`): sudo, su and other setuid programs do not work in it.",
    "",
    "## Exit codes",
    "",
    "0 is success, 130 an interrupt by Ctrl-C. Every failure has a cause, and every cause an exit code that never changes.",
    "",
    "| exit | cause | message | who can fix it |",
    "|---|---|---|---|",
    ...(Object.keys(causeTable) as CauseCode[])
      .sort((a, b) => causeTable[a].exit - causeTable[b].exit)
      .map((code) => {
        const { message, mender } = failureView(code);
        return `| ${causeTable[code].exit} | \`${code}\` | ${message} | ${menders[mender]} |`;
      }),
    "",
    "## Files",
    "",
    "| what | where |",
    "|---|---|",
    "| intranets, pins, proxy addresses; nothing secret | `~/.config/sag/settings.json`, or under `$XDG_CONFIG_HOME` |",
    "| device id, logs, and with `--store file` the sign-ins | `~/.local/state/sag/`, or under `$XDG_STATE_HOME` |",
    "| sockets and sessions of what is connected | `~/.local/state/sag/run/`; without a home, or with no room there, `/tmp/sag-UID-…/` |",
    "| compiled code, may be deleted | `~/.cache/sag/`, or under `$XDG_CACHE_HOME` |",
    "",
    "## JSON",
    "",
    "Times are milliseconds, traffic is bytes, addresses are `HOST:PORT`, `pac` is a URL, `null` means not there now. Fields may be",
    "added; what is here stays.",
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

const nothing = ["", "Nothing of its own but a failure: what is on stdout comes from the other end."];

const schema = (of: $ZodType): string[] => {
  // "input": unknown fields are allowed, since later versions may add some.
  const { $schema: _, ...shape } = toJSONSchema(of, { io: "input" });
  return ["", "```json", JSON.stringify(shape), "```"];
};

if (import.meta.main) process.stdout.write(manual());
