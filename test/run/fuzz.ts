import { mkdirSync } from "node:fs";
import { basename } from "node:path";
import { findGo, goEnvironment } from "../../build/lib/go.ts";
import { at } from "../../build/lib/root.ts";
import { command } from "./command.ts";
import { type Outcome, sum } from "./outcome.ts";

/**
 * Parsers of untrusted input in root's process: from the cloud instance and from local callers. `perSecond`:
 * approximate runs per second on two cores.
 */
const targets = [
  { in: "internal/session/cloudapi", target: "FuzzProfile", perSecond: 40_000 },
  { in: "internal/control", target: "FuzzHandler", perSecond: 65_000 },
];

/**
 * The packages instrumented for coverage. All others are used as the other stages compiled them, because `go test
 * -fuzz` would compile them again, which takes longer than the fuzzing.
 */
const watched = ["sag.software/native/internal/...", "connectrpc.com/connect/..."];

/**
 * Runs each target for about so many seconds, all in parallel. Interesting inputs are kept for the next run. The
 * limit is given as a number of runs: with a time, Go may fail with "context deadline exceeded"
 * (https://github.com/golang/go/issues/75804).
 */
export const fuzz = async (seconds = 10): Promise<Outcome> => {
  const go = await findGo();
  const env = goEnvironment({ CGO_ENABLED: "0" });
  const found = at(".cache", "fuzz");
  mkdirSync(found, { recursive: true });
  const program = (target: string): string => at(".cache", "fuzz", `${target}.test`);
  const built: Outcome[] = [];
  for (const { in: dir, target } of targets) {
    const flags = watched.map((packages) => `-gcflags=${packages}=-d=libfuzzer`);
    const args = ["test", "-c", ...flags, "-o", program(target), `./${dir}`];
    built.push(await command(`fuzz build ${basename(dir)}`, [go, ...args], { cwd: at("native"), env }));
  }
  const whole = sum(built);
  if (whole.failed > 0) return whole;
  const ran = targets.map(({ in: dir, target, perSecond }) => {
    const flags = {
      run: "^$",
      fuzz: `^${target}$`,
      fuzztime: `${seconds * perSecond}x`,
      fuzzcachedir: found,
      parallel: "1",
    };
    const args = Object.entries(flags).map(([name, value]) => `-test.${name}=${value}`);
    // Runs there, so that a failing input becomes a file in testdata/ and thereby a test.
    return command(`fuzz ${target}`, [program(target), ...args], { cwd: at("native", dir), env });
  });
  return sum(await Promise.all(ran));
};
