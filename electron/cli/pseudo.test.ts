import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildBundles } from "../../build/build.ts";
import { at } from "../../build/lib/root.ts";
import { FakeCloud } from "../core/testing/cloud.ts";
import { testEnvironment } from "../core/testing/environment.ts";
import { useFakeTunnel } from "../core/testing/tunnel.ts";
import { describeCommands } from "./commands.ts";
import { examples } from "./examples.ts";

/**
 * Runs the command in the pseudo-language, which puts texts in brackets. Words outside of brackets are hard-coded.
 */
const root = mkdtempSync("/tmp/sag-c-");
const machine = testEnvironment();
let cloud: FakeCloud;
beforeAll(async () => {
  await buildBundles();
  cloud = await new FakeCloud().start();
  useFakeTunnel(machine);
}, 60_000);
afterAll(async () => {
  await cloud.stop();
  machine.remove();
  rmSync(root, { recursive: true, force: true });
});

const verbs = describeCommands(() => async () => undefined).commands.map((command) => command.name());

/**
 * Output that is not text: options with their placeholders, examples, lines for a shell, causes, and names of the
 * site and the user.
 */
const data = (): (string | RegExp)[] => [
  // The longest first, because one may be the beginning of another.
  ...Object.values(examples)
    .flat()
    .sort((a, b) => b.length - a.length),
  /-{1,2}[\w-]+( <[^>]+>)?/g,
  /[<[][\w :.|-]+(\.\.\.)?[>\]]/g,
  /^(export|# (socks|http|pac)) .*$/gm,
  /^sag: /gm,
  /^ +[a-z_]+$/gm,
  ...[cloud.user, cloud.host, cloud.link, "contoso", "Contoso", "Frankfurt", "laptop", "linux", /\b[0-9a-f]{32}\b/g],
];

/** The words outside of brackets, which may be nested. */
function wordsOutside(text: string): string[] {
  let depth = 0;
  let rest = "";
  for (const letter of text) {
    if (letter === "⟦") depth += 1;
    else if (letter === "⟧") depth -= 1;
    else if (depth === 0) rest += letter;
  }
  expect(depth, text).toBe(0);
  for (const one of data()) rest = rest.replaceAll(one, " ");
  return (rest.match(/\p{L}{2,}/gu) ?? []).filter((word) => !names.has(word));
}

/** The command, its verbs, and the parts of hyphenated verbs. */
const names = new Set(["sag", "help", ...verbs.flatMap((verb) => verb.split("-"))]);

async function sag(args: string[], stdin = ""): Promise<string> {
  const child = spawn(process.execPath, [at("dist/sag.mjs"), ...args], {
    env: {
      PATH: process.env.PATH,
      HOME: root,
      XDG_RUNTIME_DIR: root,
      SAG_TUNNEL: machine.tunnelBinary ?? "",
      SAG_LANGUAGE: "pseudo",
    },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
  }
  child.stdin.on("error", () => undefined);
  child.stdin.end(stdin);
  await new Promise((resolve) => child.on("close", resolve));
  return output;
}

const isInTexts = async (args: string[], stdin = ""): Promise<void> => {
  const output = await sag(args, stdin);
  expect(output, args.join(" ")).toContain("⟦");
  expect(wordsOutside(output), output).toEqual([]);
};

const invite = (): string[] => [cloud.link, "--user", cloud.user, "--password-stdin"];

describe("in the pseudo-language all words are bracketed:", { timeout: 60_000 }, () => {
  it.each([[], ...verbs.map((verb) => [verb])])("sag %s --help", async (...verb) => {
    await isInTexts([...verb.filter((one) => one !== undefined), "--help"]);
  });

  it.each([
    [["frobnicate"]],
    [["conect"]],
    [["connect", "--frobnicate"]],
    [["connect", "--tim"]],
    [["connect", "--timeout"]],
    [["connect", "--timeout", "soon"]],
    [["connect", "--socks", "0.0.0.0:1080"]],
    [["connect", "--mode", "magic"]],
    [["connect", "AB12C@127.0.0.1", "--intranet", "contoso"]],
    [["status", "one", "two"]],
    [["status"]],
    [["status", "--intranet", "work"]],
    [["connect"]],
    [["disconnect"]],
    [["sign-in"]],
    [["sign-in", "AB12"]],
    [["sign-in", "AB12", "--user", "x", "--password-stdin"]],
    [["sign-in", "sag://enroll?code=AB12C"]],
    [["sign-in", "AB12C@127.0.0.1", "--password-stdin"]],
    [["sign-out"]],
    [["password"]],
    [["second-factor"]],
    [["second-factor", "--link", "AB12C@127.0.0.1", "--password-stdin"]],
    [["devices"]],
    [["sessions"]],
    [["intranets"]],
    [["intranets", "--default", ""]],
    [["proxy"]],
    [["proxy", "contoso", "--all"]],
    [["run", "true"]],
    [["open", "wiki", "--browser", "/nonexistent"]],
    [["forward", "1:2"]],
    [["ssh-proxy", "host", "port"]],
    [["resources"]],
    [["ssh-config"]],
    [["ping", "host", "--count", "0"]],
    [["logs", "--lines", "few"]],
    [["logs"]],
    [["lockdown", "sideways"]],
    [["lockdown", "status", "--yes"]],
    [["service", "sideways"]],
    [["service", "status", "--trust", "x"]],
    [["completion", "tcsh"]],
  ])("sag %j", async (args) => isInTexts(args, "secret\n"));

  it("sign-in, connect, status, disconnect and sign-out", async () => {
    const password = `${cloud.password}\n`;
    await isInTexts(["sign-in", ...invite(), "--store", "file"], "wrong\n");
    await isInTexts(["sign-in", ...invite(), "--store", "file"], password);
    await isInTexts(["intranets"]);
    await isInTexts(["status"]);
    await isInTexts(["connect"]);
    await isInTexts(["connect"]);
    await isInTexts(["status"]);
    await isInTexts(["resources"]);
    await isInTexts(["devices"]);
    await isInTexts(["sessions"]);
    await isInTexts(["run", "sqlplus"]);
    await isInTexts(["disconnect"]);
    await isInTexts(["sign-out"]);
    await isInTexts(["connect"]);
    await isInTexts(["sign-out", "--forget"]);
  });
});
