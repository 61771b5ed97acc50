import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { beforeAll, describe, expect, it } from "vitest";
import { fromJSONSchema } from "zod";
import { at } from "../../build/lib/root.ts";
import { causeTable } from "../../common/causes/table.ts";
import { describeCommands } from "../../electron/cli/commands.ts";
import type { CauseCode } from "../../electron/core/client/model.ts";
import { portalUrl } from "../harness/intranet/plan.ts";
import { needsProgram, needsRoot } from "../harness/needs.ts";
import type { Person } from "../harness/person.ts";
import { userName } from "../harness/site.ts";
import { Terminal } from "../harness/terminal.ts";
import { givenCompany } from "./fixture.ts";

/** Every verb prints what docs/cli.md documents, on success and on failure. */
const company = givenCompany();
let person: Person;
beforeAll(async () => {
  await company.site.sagctl(["resource", "add", "Build host", "10.77.0.22", "--kind", "ssh"]);
  person = company.person();
});

type Json = boolean | number | string | null | Json[] | { [name: string]: Json };

/** A documented schema made strict: nothing undocumented may be printed. */
const strict = (schema: Json): Json => {
  if (Array.isArray(schema)) return schema.map(strict);
  if (typeof schema !== "object" || schema === null) return schema;
  const inner = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, strict(value)]));
  return schema.properties && !("additionalProperties" in schema) ? { ...inner, additionalProperties: false } : inner;
};

/** docs/cli.md: the heading before a block of JSON names its verb. */
const documented = (): Map<string, ReturnType<typeof fromJSONSchema>> => {
  const text = readFileSync(at("docs/cli.md"), "utf8");
  const found = new Map<string, ReturnType<typeof fromJSONSchema>>();
  for (const [, heading = "", words = "", json = "{}"] of text.matchAll(
    /^### (.+)\n\n((?:(?!###|```).*\n)*)```json\n(.+)\n```$/gm,
  )) {
    const schema = fromJSONSchema(strict(JSON.parse(json)) as Parameters<typeof fromJSONSchema>[0]);
    found.set(heading.replaceAll("`", ""), schema);
    for (const [, verb = ""] of words.matchAll(/`sag ([a-z-]+)`/g)) {
      found.set(`sag ${verb}`, words.includes(`\`sag ${verb}\` prints a list`) ? schema.array() : schema);
    }
  }
  return found;
};
const schemas = documented();

const checkSuccess = (verb: string, printed: string): void => {
  for (const line of printed.trim().split("\n")) {
    const { error } = schemas.get(`sag ${verb}`)?.safeParse(JSON.parse(line)) ?? { error: "there is no schema" };
    expect(error, `sag ${verb}: ${line}`).toBeUndefined();
  }
};

/** A fake browser that keeps running. */
const lasting = (): string => {
  const path = join(company.workspace.dir, "browser");
  writeFileSync(path, "#!/bin/sh\nexec sleep 4\n", { mode: 0o755 });
  return path;
};

const invitation = (): string[] => [company.link, "--user", userName, "--password-stdin"];

/** By verb, in an order in which they succeed: arguments, and standard input. */
const successes: [string, () => string[], () => string][] = [
  ["version", () => [], () => ""],
  ["completion", () => ["fish"], () => ""],
  ["sign-in", () => [...invitation(), "--store", "file", "--intranet", "work"], () => company.password],
  ["intranets", () => [], () => ""],
  ["connect", () => [], () => ""],
  ["status", () => [], () => ""],
  ["proxy", () => [], () => ""],
  ["proxy", () => ["--all"], () => ""],
  ["resources", () => [], () => ""],
  ["ssh-config", () => [], () => ""],
  ["ping", () => ["10.77.0.7", "--count", "1"], () => ""],
  ["open", () => [portalUrl, "--browser", lasting()], () => ""],
  ["devices", () => [], () => ""],
  ["sessions", () => [], () => ""],
  ["logs", () => [], () => ""],
  ["second-factor", () => ["--password-stdin"], () => company.password],
  ["password", () => ["--password-stdin"], () => `${company.password}\nanother-one\n`],
  ["password", () => ["--forgotten"], () => ""],
  ["disconnect", () => [], () => ""],
  ["status", () => [], () => ""],
  ["sign-out", () => [], () => ""],
];
/** Tested separately below: they run until Ctrl-C, or need more than a home directory. */
const elsewhere = ["forward", "repair", "lockdown", "service"];
/** Their output comes from the other program. */
const printNothing = ["run", "ssh-proxy"];

it("every verb is covered", () => {
  const verbs = describeCommands(() => async () => undefined).commands.map((one) => one.name());
  const looked = new Set([...successes.map(([verb]) => verb), ...elsewhere, ...printNothing]);
  expect([...looked].sort()).toEqual(verbs.sort());
  expect(failures.map(([verb]) => verb).sort()).toEqual(verbs.sort());
});

describe("success, with --json", () => {
  it.each(successes)("sag %s", async (verb, args, stdin) => {
    const done = await person.sag([verb, ...args(), "--json"], { stdin: stdin() });
    expect(done.code, done.stdout + done.stderr).toBe(0);
    checkSuccess(verb, done.stdout);
    if (verb !== "connect") return;
    for (const endless of [
      ["forward", "0:10.77.0.7:7"],
      ["status", "--watch"],
    ])
      await untilInterrupted(endless);
    await atTerminal();
  });

  /** Checks colour at a terminal, and with NO_COLOR. */
  const atTerminal = async (): Promise<void> => {
    const green = "\u001b[32mConnected";
    const look = async (args: string[], env: NodeJS.ProcessEnv, ...expected: string[]): Promise<string> => {
      const terminal = new Terminal([at("bin/sag"), ...args], env);
      for (const text of expected) await terminal.shows(text);
      terminal.type("\u0003");
      expect(await terminal.ended()).toBe(0);
      return terminal.screen;
    };
    const { NO_COLOR: _, ...env } = person.env;
    // Keeps updating, with traffic rates.
    await look(["status", "--watch"], env, green, green, "B/s)");
    expect(await look(["status"], { ...person.env, NO_COLOR: "1" }, "Connected")).not.toContain("\u001b");
    expect((await person.sag(["status"])).stdout).not.toContain("\u001b");
  };

  /** Checks the first line of a verb that runs until Ctrl-C, and interrupts it. */
  const untilInterrupted = async ([verb = "", ...args]: string[]): Promise<void> => {
    const child = spawn(at("bin/sag"), [verb, ...args, "--json"], {
      env: person.env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = await once(createInterface({ input: child.stdout }), "line");
    checkSuccess(verb, line);
    child.kill("SIGINT");
    expect((await once(child, "exit"))[0]).toBe(0);
  };

  it("sag repair without changes to undo, sag lockdown, and sag service with a disk image", async (context) => {
    needsRoot(context);
    const env = { ...person.env, SAG_SERVICE_DIR: join(company.workspace.dir, "service") };
    for (const [verb = "", ...args] of [["repair"], ["lockdown", "status"]]) {
      const done = await person.run(["unshare", "--net", at("bin/sag"), verb, ...args, "--json"], { env });
      expect(done.code, done.stdout + done.stderr).toBe(0);
      checkSuccess(verb, done.stdout);
    }
    const image = join(company.workspace.dir, "image");
    for (const what of ["install", "status", "remove"]) {
      const done = await person.sag(["service", what, "--root", image, "--json"], { env });
      expect(done.code, done.stdout + done.stderr).toBe(0);
      checkSuccess("service", done.stdout);
    }
  });
});

const nowhere = ["--intranet", "nowhere"];
const failures: [string, string[], CauseCode][] = [
  ["sign-in", [], "invalid_argument"],
  ["sign-out", ["nowhere"], "unknown_intranet"],
  ["password", ["nowhere", "--password-stdin"], "unknown_intranet"],
  ["second-factor", ["nowhere", "--password-stdin"], "unknown_intranet"],
  ["devices", ["nowhere"], "unknown_intranet"],
  ["sessions", ["nowhere"], "unknown_intranet"],
  ["connect", nowhere, "unknown_intranet"],
  ["status", nowhere, "unknown_intranet"],
  ["disconnect", ["nowhere"], "unknown_intranet"],
  ["intranets", ["--default", "nowhere"], "unknown_intranet"],
  ["proxy", [], "not_connected"],
  ["run", ["true"], "not_connected"],
  ["open", ["portal", "--browser", "true"], "not_connected"],
  ["forward", ["0:portal:80"], "not_connected"],
  ["ssh-proxy", ["portal", "22"], "not_connected"],
  ["resources", [], "not_connected"],
  ["ssh-config", [], "not_connected"],
  ["ping", ["portal"], "not_connected"],
  ["logs", nowhere, "unknown_intranet"],
  ["repair", [], "tunnel_binary_missing"],
  ["lockdown", ["frobnicate"], "invalid_argument"],
  ["service", ["frobnicate"], "invalid_argument"],
  ["completion", ["tcsh"], "invalid_argument"],
  ["version", ["one", "two"], "invalid_argument"],
];

it.each(failures)("failure: sag %s %j reports %s, in JSON and as text", async (verb, args, cause) => {
  const env = { ...person.env, ...(verb === "repair" ? { SAG_TUNNEL: "/nowhere" } : {}) };
  const stdin = "one\ntwo\n";
  const [done, spoken] = await Promise.all([
    person.sag([verb, "--json", ...args], { env, stdin }),
    person.sag([verb, ...args], { env, stdin }),
  ]);
  expect(done.code, done.stdout + done.stderr).toBe(causeTable[cause].exit);
  const failure = JSON.parse(done.stdout);
  expect(schemas.get("A failure")?.safeParse(failure).error, done.stdout).toBeUndefined();
  expect(failure.cause).toBe(cause);
  for (const words of [failure.message, failure.action]) expect(words).toMatch(/^\S.+\.$/s);
  expect({ code: spoken.code, stdout: spoken.stdout }).toEqual({ code: done.code, stdout: "" });
  expect(spoken.stderr).toContain(`sag: ${cause === "invalid_argument" ? "" : failure.message}`);
  expect(spoken.stderr).not.toMatch(/^\s+at |node:internal/m);
  expect(spoken.stderr).not.toContain("\u001b");
});

describe("completion with the tab key in a real shell", () => {
  const shells: [string, string[], (zero: string) => string][] = [
    ["bash", ["bash", "--norc", "--noprofile", "-i"], () => "source <(sag completion bash)"],
    ["zsh", ["zsh", "-f", "-i"], (d) => `autoload -Uz compinit && compinit -u -d ${d} && source <(sag completion zsh)`],
  ];
  it.for(shells)("%s", async ([name, command, load], context) => {
    needsProgram(context, name, "script");
    const shell = new Terminal(command, { ...person.env, PS1: "READY> ", PROMPT_EOL_MARK: "" });
    const dump = join(company.workspace.dir, "zcompdump");
    await shell.shows("READY> ");
    shell.type(`${load(dump)}; echo loaded-by-$0\r`);
    await shell.shows(`loaded-by-${name}`);
    await shell.shows("READY> ");
    for (const [typed, completed] of [
      ["sag discon\t", "sag disconnect"],
      ["sag connect --ti\t", "sag connect --timeout"],
      ["sag disconnect wo\t", "sag disconnect work"],
    ] as const) {
      shell.type(typed);
      await shell.shows(completed);
      // Ctrl-C discards the line, and a new prompt appears.
      shell.type("\u0003");
      await shell.shows("READY> ");
    }
    shell.type("exit\r");
    expect([0, 130]).toContain(await shell.ended());
  });
});
