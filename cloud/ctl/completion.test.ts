import { spawnSync } from "node:child_process";
import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { at } from "../../build/lib/root.ts";
import { candidates, completionShells } from "./completion.ts";

const program = new Command("sagctl").option("--data <dir>").option("--json");
const account = program.command("account");
account.command("create").option("--mail <address>");
account.command("set");
program.command("audit");

describe("candidates", () => {
  it.each([
    [["a"], ["account", "audit"]],
    [
      ["account", ""],
      ["create", "set", "help"],
    ],
    [["--data", "account", "ac"], ["account"]],
    [["account", "create", "anna.meyer", "--m"], ["--mail"]],
    [["account", "create", "--mail", ""], []],
    [["--"], ["--data", "--json"]],
    [[], ["account", "audit", "help"]],
  ])("%j", (typed, expected) => expect(candidates(program, typed)).toEqual(expected));
});

const sagctl = (...args: string[]) => spawnSync(at("bin/sagctl"), args, { encoding: "utf8" });

describe("as a command", () => {
  it("completes its own verbs and options in bash", () => {
    const script = `PATH=${at("bin")}:$PATH; source <(sagctl completion bash)
      COMP_WORDS=(sagctl account cre); COMP_CWORD=2; _sagctl; echo "\${COMPREPLY[@]}"
      COMP_WORDS=(sagctl account create --ma); COMP_CWORD=3; _sagctl; echo "\${COMPREPLY[@]}"`;
    const done = spawnSync("bash", ["-c", script], { encoding: "utf8" });
    expect(done.stderr).toBe("");
    expect(done.stdout).toBe("create\n--mail\n");
  });

  it("has a script for each shell, and lists the shells", () => {
    for (const shell of completionShells) expect(sagctl("completion", shell).stdout).toContain("complete-words");
    const refused = sagctl("completion", "tcsh");
    expect(refused.stderr).toContain("choose bash, zsh or fish");
    expect(refused.status).toBe(2);
    expect(sagctl("--help").stdout).not.toContain("complete-words");
  });
});
