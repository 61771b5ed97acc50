import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { findGo, goEnvironment } from "../../build/lib/go.ts";
import { at } from "../../build/lib/root.ts";
import { capture, command, tail } from "./command.ts";
import { goResults } from "./go-results.ts";
import { failed, notRun, type Outcome, passed, sum } from "./outcome.ts";

const cwd = at("native");
const platforms = ["linux", "darwin", "windows"].flatMap((os) => ["amd64", "arm64"].map((arch) => `${os}/${arch}`));

/** Go programs that are not part of the product. */
const program = "test/run/platforms.go";
const client = "test/clients/go/main.go";

export const gofmt = async (): Promise<Outcome> => {
  const go = await findGo();
  const home = spawnSync(go, ["env", "GOROOT"], { encoding: "utf8", env: goEnvironment() }).stdout.trim();
  const ran = await capture("gofmt", [join(home, "bin", "gofmt"), "-l", ".", at(program), at(client)], { cwd });
  return ran.code === 0 && ran.out === "" ? passed() : failed(`not formatted (gofmt -w):\n${ran.all}`);
};

/** Runs vet on this host, and compiles for every supported platform. */
export const vet = async (): Promise<Outcome> => {
  const go = await findGo();
  const env = goEnvironment({ CGO_ENABLED: "0" });
  return sum([await command("go vet", [go, "vet", "./..."], { cwd, env }), await compiles(go, cwd, platforms)]);
};

/** Checks with `platforms.go` whether a module's packages compile for these platforms. */
export const compiles = (go: string, module: string, wanted: readonly string[]): Promise<Outcome> =>
  command("go platforms", [go, "run", at(program), go, ...wanted], { cwd: module, env: goEnvironment() });

/** Documented in docs/dependencies.md. */
const actionlintVersion = "v1.7.7";

/** Checks the workflows with actionlint, run from its Go module. */
export const actionlint = async (): Promise<Outcome> => {
  const linter = `github.com/rhysd/actionlint/cmd/actionlint@${actionlintVersion}`;
  return command("actionlint", [await findGo(), "run", linter], { env: goEnvironment() });
};

/** Both are documented in docs/dependencies.md. */
const staticcheckVersion = "v0.8.2";
const deadcodeVersion = "v0.52.0";

/** All checks except those of names and comments, where this code follows other rules. */
const checks = "all,-ST1000,-ST1003,-ST1013,-ST1020,-ST1021,-ST1022,-S1016";

/** Runs staticcheck for Linux, which is almost all of the code. */
export const staticcheck = async (): Promise<Outcome> => {
  const linter = `honnef.co/go/tools/cmd/staticcheck@${staticcheckVersion}`;
  const env = goEnvironment({ CGO_ENABLED: "0", GOOS: "linux" });
  return command("staticcheck", [await findGo(), "run", linter, "-checks", checks, "./..."], { cwd, env });
};

/** Lists functions that no program and no test can reach; the tool exits with 0 even if there are some. */
export const deadcode = async (): Promise<Outcome> => {
  const tool = `golang.org/x/tools/cmd/deadcode@${deadcodeVersion}`;
  const ran = await capture("deadcode", [await findGo(), "run", tool, "-test", "./..."], {
    cwd,
    env: goEnvironment({ CGO_ENABLED: "0", GOOS: "linux" }),
  });
  return ran.code === 0 && ran.out === "" ? passed() : failed(tail(ran.all));
};

export const goTest = async (): Promise<Outcome> => {
  const go = await findGo();
  // The race detector is the only part of the tests that needs a C compiler.
  const race = spawnSync("gcc", ["--version"]).status === 0;
  const args = ["test", ...(race ? ["-race"] : []), "-p", `${availableParallelism()}`, "-json", "./..."];
  const ran = await capture("go test", [go, ...args], {
    cwd,
    env: goEnvironment({ CGO_ENABLED: race ? "1" : "0" }),
  });
  const counted = goResults(ran.out);
  const silent = ran.code !== 0 && counted.failed === 0 ? [failed(tail(ran.all))] : [];
  return sum([counted, ...silent, ...(race ? [] : [notRun("the race detector", "gcc")])]);
};

/** Runs wireguard-go's own tests on the patched engine (build/lib/engine.ts), with both kinds of scheduling. */
export const goEngine = async (): Promise<Outcome> => {
  const go = await findGo();
  const race = spawnSync("gcc", ["--version"]).status === 0;
  // Upstream itself skips TestWaitPool; a skip for want of something that could be installed counts as failed in CI.
  const args = [
    "test",
    ...(race ? ["-race"] : []),
    "-skip",
    "^TestWaitPool$",
    "-json",
    "golang.zx2c4.com/wireguard/device",
  ];
  const outcomes = ["inline", "queued"].map(async (scheduling) => {
    const env = goEnvironment({ CGO_ENABLED: race ? "1" : "0", SAG_ENGINE: scheduling });
    const ran = await capture(`engine ${scheduling}`, [go, ...args], { cwd, env });
    const counted = goResults(ran.out);
    return ran.code !== 0 && counted.failed === 0 ? failed(tail(ran.all)) : counted;
  });
  return sum(await Promise.all(outcomes));
};

/** Tests that the race detector would distort: memory use and connect times. */
export const goMemory = async (): Promise<Outcome> => {
  const args = [
    "test",
    "-json",
    "-run",
    "^(TestMemory|TestMemoryInSystemMode|TestManyConnectionsLeakNothing|TestTwentyClientsWithCaps|Test\\w+DoesNotAllocate)$",
    "-p",
    "1",
    "./cmd/sag-tunnel",
    "./cmd/sag-access-point",
    "./internal/datapath/...",
    "./internal/flowlog",
    "./internal/accesspoint/flows",
  ];
  const ran = await capture("go memory", [await findGo(), ...args], { cwd, env: goEnvironment({ CGO_ENABLED: "0" }) });
  const counted = goResults(ran.out);
  return ran.code !== 0 && counted.failed === 0 ? failed(tail(ran.all)) : counted;
};

/** The long forms of the tests that change a host, and of those that send malformed input to the proxies. */
export const goSoak = async (): Promise<Outcome> => {
  const args = [
    "test",
    "-json",
    "-count=1",
    "-timeout",
    "4h",
    "-p",
    "1",
    "./cmd/sag-tunnel",
    "./internal/hostnet/...",
    "./internal/netstack/...",
    "./internal/proxy/...",
  ];
  const env = goEnvironment({ CGO_ENABLED: "0", SAG_SOAK: "1" });
  const ran = await capture("go soak", [await findGo(), ...args], { cwd, env });
  for (const [line] of ran.out.matchAll(/\d+ (?:kills|cycles)[:,][^"\\]+/g)) console.log(line);
  const counted = goResults(ran.out);
  return ran.code !== 0 && counted.failed === 0 ? failed(tail(ran.all)) : counted;
};
