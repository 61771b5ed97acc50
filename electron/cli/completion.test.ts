import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { needsProgram } from "../../test/harness/needs.ts";
import { describeCommands } from "./commands.ts";
import { completionScript, shells } from "./completion.ts";

const program = describeCommands(() => async () => undefined);
const dir = mkdtempSync("/tmp/sag-completion-");
afterAll(() => rmSync(dir, { recursive: true }));

/** A fake `sag` that lists two intranets. */
writeFileSync(join(dir, "sag"), `#!/bin/sh\necho '[{"intranet":"alpha"},{"intranet":"beta"}]'\n`);
chmodSync(join(dir, "sag"), 0o755);
const env = { ...process.env, PATH: `${dir}:${process.env.PATH}` };

it.each(shells)("%s: completes every verb and every option", (shell) => {
  const script = completionScript(program, shell);
  for (const command of program.commands) {
    expect(script).toContain(command.name());
    for (const { long } of command.options) {
      expect(script, `${command.name()} ${long}`).toContain(shell === "fish" ? ` -l ${long?.slice(2)}` : long);
    }
  }
});

it.each([
  [["sag", "disc"], ["disconnect"]],
  [["sag", "connect", "--mo"], ["--mode"]],
  [
    ["sag", "disconnect", ""],
    ["alpha", "beta"],
  ],
  [["sag", "run", "--intranet", "b"], ["beta"]],
])("a real bash completes %j", (words, expected) => {
  const script = [
    completionScript(program, "bash"),
    `COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")})`,
    `COMP_CWORD=${words.length - 1}`,
    "_sag",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: for bash to fill in.
    'printf "%s\\n" "${COMPREPLY[@]}"',
  ].join("\n");
  expect(execFileSync("bash", ["-c", script], { env, encoding: "utf8" }).trim().split("\n")).toEqual(expected);
});

it("a real zsh loads the script and registers the function", (context) => {
  needsProgram(context, "zsh");
  writeFileSync(join(dir, "_sag"), completionScript(program, "zsh"));
  const script = `autoload -Uz compinit && compinit -u -d ${dir}/dump && source ${dir}/_sag && print -r -- $_comps[sag] && zsh -n ${dir}/_sag`;
  const done = spawnSync("zsh", ["-f", "-c", script], { env, encoding: "utf8" });
  expect(done.stdout.trim(), done.stderr).toBe("_sag");
  expect(done.stderr).toBe("");
});

it.for<[string, string[]]>([
  ["sag disc", ["disconnect"]],
  ["sag connect --mo", ["--mode"]],
  ["sag disconnect ", ["alpha", "beta"]],
  ["sag run --intranet b", ["beta"]],
])("a real fish completes %j", ([typed, expected], context) => {
  needsProgram(context, "fish");
  writeFileSync(join(dir, "sag.fish"), completionScript(program, "fish"));
  const script = `source ${dir}/sag.fish; complete --do-complete '${typed}'`;
  const done = spawnSync("fish", ["--no-config", "--command", script], {
    env: { ...env, HOME: dir },
    encoding: "utf8",
  });
  // The description follows after a tab.
  const words = done.stdout
    .trim()
    .split("\n")
    .map((line) => line.split("\t")[0]);
  expect(words, done.stderr).toEqual(expected);
});
