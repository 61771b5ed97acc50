import { globSync, readFileSync } from "node:fs";
import { type Command, CommanderError } from "commander";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { root } from "../../build/lib/root.ts";
import { ctl } from "../../common/text/en/ctl/index.ts";
import { Refusal } from "../base/cause.ts";
import { resourceKinds } from "../domain/limits/resource.ts";
import { lineOf, viewOf } from "../failures.ts";
import { killAll, run } from "../testing/process.ts";
import { startServer, type TestServer } from "../testing/server.ts";
import { makeProgram } from "./program.ts";

/** Text that is not translated: commands, flags, placeholders and values. */
const typed = /<[^>]*>|\[[^\]]*\]|(?<![\w-])--?[a-z][\w-]*|"[^"]*"|\bsag(ctl|-cloud)\b/g;

/** Words outside of ⟦ ⟧, the brackets that the pseudo-language puts around every text. */
function unbracketed(text: string, known: ReadonlySet<string> = new Set()): string[] {
  let rest = text;
  for (let before = ""; before !== rest; ) {
    before = rest;
    rest = rest.replace(/⟦[^⟦⟧]*⟧/g, " ");
  }
  const words = rest.replace(typed, " ").match(/[A-Za-z]{2,}[\w-]*/g) ?? [];
  return words.filter((word) => !known.has(word));
}

// Must run before anything is imported, because the language is chosen then.
vi.hoisted(() => {
  process.env.SAG_LANGUAGE = "pseudo";
});
// Each test starts a process, which is slow on a busy host.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** A program and all commands below it. */
const family = (command: Command): Command[] => [command, ...command.commands.flatMap(family)];

describe("in the pseudo-language", () => {
  test("finds words outside of brackets, except for typed ones", () => {
    expect(unbracketed("⟦Usage:⟧ sagctl audit [options]\n  --limit <n>  ⟦how many ⟦x⟧⟧ (default: 50)")).toEqual([
      "audit",
      "default",
    ]);
  });

  test("the help of every command is completely in brackets", () => {
    const commands = family(makeProgram(false));
    const names = new Set([...commands.map((command) => command.name()), "help", ...resourceKinds]);
    expect(commands.length).toBeGreaterThan(80);
    const found = commands.flatMap((command) =>
      unbracketed(command.helpInformation(), names).map((word) => `${command.name()}: ${word}`),
    );
    expect(found).toEqual([]);
  });
});

interface Printed {
  stdout: string;
  stderr: string;
}

describe("output of sagctl in the pseudo-language", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(async () => {
    killAll();
    await server.close();
  });

  /** Runs sagctl in this process; reports a failure like the program. */
  async function sagctl(...args: string[]): Promise<Printed> {
    const printed: Printed = { stdout: "", stderr: "" };
    const streams = (["stdout", "stderr"] as const).map((name) =>
      vi.spyOn(process[name], "write").mockImplementation((text) => {
        printed[name] += String(text);
        return true;
      }),
    );
    try {
      await makeProgram(false).parseAsync(["--data", server.directory, ...args], { from: "user" });
    } catch (error) {
      if (error instanceof Refusal) printed.stderr += `${lineOf(viewOf(error))}\n`;
      else if (!(error instanceof CommanderError)) throw error;
    } finally {
      for (const stream of streams) stream.mockRestore();
    }
    return printed;
  }

  test("tables, objects and short answers are translated", async () => {
    const made = await sagctl("instance", "create", "Contoso", "--cidr", "10.86.0.0/24", "--code", "ab12c");
    expect(made.stderr).toBe("");
    const shown = await sagctl("instance", "show", "--json");
    const { id, region, ccnId } = JSON.parse(shown.stdout) as { id: string; region: string; ccnId: string };
    const values = new Set(["Contoso", "AB12C", id, region, ccnId]);
    for (const args of [
      ["instance", "show"],
      ["instance", "list"],
      ["policy", "show"],
      ["dns", "show"],
    ]) {
      const { stdout } = await sagctl(...args);
      expect(stdout, args.join(" ")).toContain("⟦");
      expect(unbracketed(stdout, values), args.join(" ")).toEqual([]);
    }
    for (const args of [
      ["account", "list"],
      ["session", "list", "--ended"],
      ["access-point", "list"],
      ["access-point", "token", "list"],
      ["resource", "list"],
      ["route", "list"],
    ]) {
      expect((await sagctl(...args)).stdout, args.join(" ")).toBe("⟦None.⟧\n");
    }
    const account = await sagctl("account", "create", "anna.test", "--mail", "anna@example.com");
    expect(account.stdout).toMatch(/^⟦id⟧ .*\n⟦user⟧ +anna\.test\n⟦mail⟧ .*\n⟦state⟧ +⟦enabled⟧\n/);
    expect((await sagctl("account", "kick", "anna.test")).stdout).toBe("⟦Ended 0 sessions.⟧\n");
    expect((await sagctl("account", "delete", "anna.test")).stdout).toBe("⟦Deleted.⟧\n");
    const { stderr } = await sagctl("dns", "set", "--server", "192.0.2.53");
    expect(stderr).toMatch(/^⟦Warning: ⟦no route of this instance leads .*⟧⟧\n$/);
  });

  test("errors and their actions are translated", async () => {
    for (const args of [
      ["--data", "/nonexistent", "account", "list"],
      ["policy", "set"],
      ["account", "set", "anna.test"],
      ["account", "import", "/nonexistent.csv"],
      ["session", "end"],
      ["session", "list", "--endded"],
      ["session", "list", "1", "2"],
      ["acount"],
      ["instance", "create", "Contoso"],
      ["instance", "create", "Contoso", "--cidr"],
      ["audit", "list", "--limit", "many"],
      ["policy", "set", "--lease", "1w"],
      ["completion", "csh"],
    ]) {
      const { stdout, stderr } = await sagctl(...args);
      expect(stderr, args.join(" ")).toMatch(/^⟦[\s\S]*⟧\n$/);
      expect([unbracketed(stderr), stdout], args.join(" ")).toEqual([[], ""]);
    }
  });

  test("texts in the server's answers are translated", async () => {
    const { id } = JSON.parse((await sagctl("instance", "show", "--json")).stdout) as { id: string };
    for (const args of [
      ["quota", "list"],
      ["instance", "hops", id],
    ]) {
      const { stdout, stderr } = await sagctl(...args);
      expect(stderr, args.join(" ")).toBe("");
      expect(stdout, args.join(" ")).toMatch(/⟦[^⟦⟧]+ [^⟦⟧]+⟧/);
    }
  });

  test("the server's refusals are translated", async () => {
    await sagctl("account", "create", "bert.test", "--mail", "bert@example.com");
    for (const args of [
      ["account", "show", "nobody.test"],
      ["account", "create", "bert.test", "--mail", "bert@example.com"],
      ["account", "create", "x", "--mail", "x@example.com"],
      ["account", "set", "bert.test", "--mail", "none"],
      ["instance", "create", "Fabrikam", "--cidr", "192.0.2.0/33"],
      ["route", "add", "0.0.0.0/0"],
      ["dns", "set", "--domain", "not a domain"],
      ["policy", "set", "--lease", "1s"],
      ["resource", "add", " ", "portal.example"],
      ["session", "end", "none"],
      ["quota", "set", "no-quota", "1"],
      ["quota", "set", "ccns-per-account", "0"],
      ["tenant", "create", "?"],
      ["ccn", "delete", "ccn-none"],
      ["api", "call", "NoOperation"],
      ["api", "call", "CreateCloudConnectNetwork", "RegionId=nowhere"],
    ]) {
      const { stdout, stderr } = await sagctl(...args);
      expect(stderr, args.join(" ")).toMatch(/^⟦[\s\S]*⟧\n$/);
      expect([unbracketed(stderr), stdout], args.join(" ")).toEqual([[], ""]);
    }
  });

  test("the programs use SAG_LANGUAGE", async () => {
    const failed = await run("ctl/main.ts", ["policy", "set", "--json", "--data", server.directory]);
    expect(JSON.parse(failed.stdout)).toEqual({
      cause: "invalid_argument",
      message: `⟦${ctl.errors.arguments.policyChange}⟧`,
      action: "",
    });
    for (const args of [["--help"], ["serve", "--help"], ["migrate", "--help"]]) {
      const { stdout, code } = await run("main.ts", args);
      expect(code, args.join(" ")).toBe(0);
      expect(unbracketed(stdout, new Set(["serve", "migrate", "version", "help"])), args.join(" ")).toEqual([]);
    }
    const unused = await run("main.ts", ["serve"]);
    expect(unused.stderr).toBe(
      "⟦error: ⟦required option '--data <dir>' not specified⟧⟧\n⟦See sag-cloud serve --help.⟧\n",
    );
  });
});

test("every verb, object and option has a description, and no description is unused", () => {
  const commands = family(makeProgram(false));
  const path = (command: Command): string =>
    command.parent?.parent ? `${path(command.parent)} ${command.name()}` : command.name();
  // Called by completion scripts only, so it is not in any help.
  const shown = commands.filter((command) => command.name() !== "complete-words");
  const lacking = shown.flatMap((command) => [
    ...(command.description() === "" ? [path(command)] : []),
    ...command.options.filter((one) => !one.description).map((one) => `${path(command)} ${one.flags}`),
  ]);
  expect(lacking).toEqual([]);
  const sentences = shown.filter((one) => one.parent !== null && /\.⟧?$/.test(one.description()));
  expect(sentences.map(path), "descriptions are no sentences").toEqual([]);
  const flags = new Set(commands.flatMap((one) => one.options.map((option) => `${path(one)} ${option.long}`)));
  expect(Object.keys(ctl.options).filter((name) => !flags.has(name))).toEqual([]);
});

test("every text of sagctl is used", () => {
  const all = globSync("cloud/**/*.ts", { cwd: root })
    .filter((path) => !/\.test\.ts$|\/testing\//.test(path))
    .map((path) => readFileSync(`${root}/${path}`, "utf8"))
    .join("\n");
  const { actions: _, objects, operations, options: __, ...others } = ctl;
  const keys = (value: unknown): string[] =>
    typeof value === "object" && value !== null
      ? Object.entries(value).flatMap(([key, inner]) => [key, ...keys(inner)])
      : [];
  expect(
    keys(others).filter((key) => !new RegExp(`\\.${key}\\b|"${key}"|[{,] ${key}\\b|\\b${key}:`).test(all)),
  ).toEqual([]);
  expect(Object.keys(objects).filter((name) => !all.includes(`usage: "${name} `))).toEqual([]);
  expect(Object.keys(operations).filter((name) => !new RegExp(`usage: "${name}["  ]`).test(all))).toEqual([]);
});
