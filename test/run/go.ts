import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { findGo, goEnvironment } from "../../build/lib/go.ts";
import { at } from "../../build/lib/root.ts";
import { capture, command, tail } from "./command.ts";
import { failed, notRun, type Outcome, passed, sum } from "./outcome.ts";

const cwd = at("native");
const platforms = ["linux", "darwin", "windows"].flatMap((os) => ["amd64", "arm64"].map((arch) => `${os}/${arch}`));

/** The one Go program that is no part of the product. */
const program = "test/run/platforms.go";

export const gofmt = async (): Promise<Outcome> => {
  const go = await findGo();
  const home = spawnSync(go, ["env", "GOROOT"], { encoding: "utf8", env: goEnvironment() }).stdout.trim();
  const ran = await capture("gofmt", [join(home, "bin", "gofmt"), "-l", ".", at(program)], { cwd });
  return ran.code === 0 && ran.out === "" ? passed() : failed(`not formatted (gofmt -w):\n${ran.all}`);
};

/** Everything vets on this machine, and compiles for every platform it is meant for. */
export const vet = async (): Promise<Outcome> => {
  const go = await findGo();
  const env = goEnvironment({ CGO_ENABLED: "0" });
  return sum([await command("go vet", [go, "vet", "./..."], { cwd, env }), await compiles(go, cwd, platforms)]);
};

/** Whether the packages of a module compile for these platforms, which `platforms.go` says. */
export const compiles = (go: string, module: string, wanted: readonly string[]): Promise<Outcome> =>
  command("go platforms", [go, "run", at(program), go, ...wanted], { cwd: module, env: goEnvironment() });

/** In docs/dependencies.md. */
const actionlintVersion = "v1.7.7";

/** The workflows, by the linter of their kind, which is a Go program and comes as a module. */
export const actionlint = async (): Promise<Outcome> => {
  const linter = `github.com/rhysd/actionlint/cmd/actionlint@${actionlintVersion}`;
  return command("actionlint", [await findGo(), "run", linter], { env: goEnvironment() });
};

/** One line of `go test -json`. */
interface Event {
  Action: string;
  Package?: string;
  ImportPath?: string;
  Test?: string;
  Output?: string;
}

export const goTest = async (): Promise<Outcome> => {
  const go = await findGo();
  // The race detector is the only thing here that needs a C compiler.
  const race = spawnSync("gcc", ["--version"]).status === 0;
  const args = ["test", ...(race ? ["-race"] : []), "-p", `${availableParallelism()}`, "-json", "./..."];
  const ran = await capture("go test", [go, ...args], {
    cwd,
    env: goEnvironment({ CGO_ENABLED: race ? "1" : "0" }),
  });
  const counted = count(ran.out);
  const silent = ran.code !== 0 && counted.failed === 0 ? [failed(tail(ran.all))] : [];
  return sum([counted, ...silent, ...(race ? [] : [notRun("the race detector", "gcc")])]);
};

/** What the race detector would falsify: memory, and how long a connect takes. */
export const goMemory = async (): Promise<Outcome> => {
  const args = [
    "test",
    "-json",
    "-run",
    "^(TestMemory|TestMemoryInSystemMode|TestManyConnectionsLeaveNothing)$",
    "./cmd/sag-tunnel",
  ];
  const ran = await capture("go memory", [await findGo(), ...args], { cwd, env: goEnvironment({ CGO_ENABLED: "0" }) });
  const counted = count(ran.out);
  return ran.code !== 0 && counted.failed === 0 ? failed(tail(ran.all)) : counted;
};

/** The long forms of the tests that change a machine. */
export const goSoak = async (): Promise<Outcome> => {
  const args = ["test", "-json", "-count=1", "-timeout", "4h", "-p", "1", "./cmd/sag-tunnel", "./internal/system/..."];
  const env = goEnvironment({ CGO_ENABLED: "0", SAG_SOAK: "1" });
  const ran = await capture("go soak", [await findGo(), ...args], { cwd, env });
  for (const [said] of ran.out.matchAll(/\d+ (?:kills|cycles)[:,][^"\\]+/g)) console.log(said);
  const counted = count(ran.out);
  return ran.code !== 0 && counted.failed === 0 ? failed(tail(ran.all)) : counted;
};

/** Counts tests and subtests; a package that fails without one (it does not compile) counts as one failure. */
export const count = (json: string): Outcome => {
  const outcome: Outcome = { passed: 0, failed: 0, notRun: [], trouble: "" };
  const output = new Map<string, string>();
  const failing = new Set<string>();
  for (const line of json.split("\n")) {
    if (!line.startsWith("{")) continue;
    const event: Event = JSON.parse(line);
    const where = event.Package ?? event.ImportPath ?? "";
    const key = event.Test ? `${where} ${event.Test}` : where;
    if (event.Output) output.set(key, (output.get(key) ?? "") + event.Output);
    if (event.Action === "pass" && event.Test) outcome.passed++;
    if (event.Action === "skip" && event.Test) {
      outcome.notRun.push({
        name: `${where.replace(/^.*\/native\//, "")} ${event.Test}`,
        needs: reason(output.get(key)),
      });
    }
    if (event.Action === "fail" && (event.Test || !failing.has(where))) {
      outcome.failed++;
      failing.add(where);
      outcome.trouble += `${key}\n${tail(output.get(key) ?? "")}\n`;
    }
    if (event.Action === "build-output") outcome.trouble += event.Output;
  }
  return outcome;
};

/** `t.Skip("needs X")` → "X", also after what it is that needs it. */
const reason = (output = ""): string =>
  /^\s+\S+\.go:\d+: (?:not run: )?(?:.*\bneeds? )?(.*)$/m.exec(output)?.[1] ?? "a reason it did not give";
