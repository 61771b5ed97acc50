import { globSync, readFileSync } from "node:fs";
import type { Command, CommanderError } from "commander";
import { expect, it } from "vitest";
import { makeProgram } from "../cloud/ctl/program.ts";
import { texts } from "../common/text/cli.ts";
import { ctlTexts } from "../common/text/ctl.ts";
import { admin } from "../common/text/en/admin/index.ts";
import { cloud } from "../common/text/en/cloud/index.ts";
import { describeCommands } from "../electron/cli/commands.ts";
import { root } from "./lib/root.ts";

/** The values that the texts of causes compare their details with. */
const fields = globSync("common/text/en/causes/*.ts", { cwd: root })
  .flatMap((path) => [...readFileSync(`${root}/${path}`, "utf8").matchAll(/(?:===|!==) "(\w+)"/g)])
  .map(([, value]) => value ?? "");

const word = { toString: () => "sample" };

/** Arguments to call a text with: it is called once with each of them for all of its parameters. */
const samples: unknown[] = [
  "sample",
  Object.assign(["sample", "other"], word),
  Object.assign([], word),
  true,
  false,
  2,
  undefined,
  ...[undefined, ...fields].flatMap((field) => [
    { field, ...word },
    { field, subject: "sample", ...word },
    { field, text: "A reason.", ...word },
  ]),
];

/** Every text of a catalogue, rendered with each of the samples. */
function rendered(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value === "function") {
    const results = samples.map((sample) => {
      try {
        return value(...Array.from({ length: value.length }, () => sample)) as unknown;
      } catch {
        return undefined; // not the type of this parameter
      }
    });
    return results.filter((one) => typeof one === "string");
  }
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(rendered) : [];
}

/** Words that end a command in a sentence. */
const after = /^(?:at|by|for|from|in|instead|is|lists|needs|of|on|once|or|outside|shows|then|to|which|with|was)$/;

interface Advised {
  args: string[];
  /** Whether it is to be typed as it is ("Run sag connect"), or only named ("for that, use sag run"). */
  complete: boolean;
}

/** The commands in a text: "Run sag connect; the session is kept." → connect, complete. */
function commandsIn(program: "sag" | "sagctl", text: string): Advised[] {
  const found = text.matchAll(new RegExp(`(: (?:sudo )?|Run )?(?<![\\w/-])${program} (?=[a-z-])([^;,()\`\\n]+)`, "g"));
  return [...found].flatMap(([, before, rest = ""]) => {
    const words = (rest.split(/[.:](?:\s|$)/)[0] ?? "").trim().split(/\s+/);
    const end = words.findIndex((word, i) => after.test(word) && words[i - 1] !== "lockdown");
    const args = (end < 0 ? words : words.slice(0, end)).filter((word) => word !== "…");
    const [verb] = args;
    // "the sag command", or a verb that is a parameter of the text.
    const isCommand =
      verb !== undefined && !["and", "command", "sample", "true", "false", "undefined", "2"].includes(verb);
    return isCommand ? [{ args, complete: before !== undefined }] : [];
  });
}

/** The parser's refusal of a command line; undefined: it is accepted. */
async function refusal(program: Command, { args, complete }: Advised): Promise<string | undefined> {
  const quiet = (command: Command): void => {
    command.exitOverride().configureOutput({ writeOut: () => {}, writeErr: () => {} });
    // The commands themselves must not run.
    if (command.commands.length === 0) command.action(() => {});
    command.commands.forEach(quiet);
  };
  quiet(program);
  try {
    await program.parseAsync(args, { from: "user" });
    return undefined;
  } catch (thrown) {
    const { exitCode, code } = thrown as CommanderError;
    if (exitCode === 0 || (!complete && code === "commander.missingArgument")) return undefined;
    return `${args.join(" ")}: ${(thrown as Error).message}`;
  }
}

it("finds the commands in a sentence", () => {
  expect(commandsIn("sag", "Run: sag sign-in contoso")).toEqual([{ args: ["sign-in", "contoso"], complete: true }]);
  expect(commandsIn("sag", "Run sag connect; the session is kept.")).toEqual([{ args: ["connect"], complete: true }]);
  expect(commandsIn("sag", "Start it (sudo systemctl start sag-tunnel), or: sag connect --mode proxy")).toEqual([
    { args: ["connect", "--mode", "proxy"], complete: true },
  ]);
  expect(commandsIn("sag", "To send it through the tunnel, use sag run --isolate or curl.")).toEqual([
    { args: ["run", "--isolate"], complete: false },
  ]);
});

it.each([
  ["sag", [texts, cloud], 25, () => describeCommands(() => async () => {})],
  ["sagctl", [ctlTexts, admin, cloud], 10, () => makeProgram(true)],
] as const)("every command that a text advises is one of %s", async (name, catalogues, least, program) => {
  const advised = new Map(
    catalogues
      .flatMap(rendered)
      .flatMap((text) => commandsIn(name, text))
      .map((one) => [`${one.args.join(" ")}${one.complete}`, one]),
  );
  expect(advised.size, [...advised.keys()].join("\n")).toBeGreaterThanOrEqual(least);
  const refused: string[] = [];
  for (const one of advised.values()) {
    const reason = await refusal(program(), one);
    if (reason !== undefined) refused.push(reason);
  }
  expect(refused).toEqual([]);
});
