import { mkdirSync } from "node:fs";
import { basename } from "node:path";
import { findGo, goEnvironment } from "../../build/lib/go.ts";
import { at } from "../../build/lib/root.ts";
import { command } from "./command.ts";
import { type Outcome, sum } from "./outcome.ts";

/** What strangers write to root's process: what the cloud instance sends, and what local callers do. */
const targets = [
  { in: "internal/system/profile", target: "FuzzProfile" },
  { in: "internal/control", target: "FuzzHandler" },
];

/**
 * What is watched for new ways through it. Everything else is taken as the other stages compiled it: `go test -fuzz` compiles all
 * of it once more, which takes longer than the fuzzing.
 */
const watched = ["sag.software/native/internal/...", "connectrpc.com/connect/..."];

/** Each target for so many seconds, all at the same time. What was found interesting is kept for the next time. */
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
  const ran = targets.map(({ in: dir, target }) => {
    const flags = { run: "^$", fuzz: `^${target}$`, fuzztime: `${seconds}s`, fuzzcachedir: found, parallel: "1" };
    const args = Object.entries(flags).map(([name, value]) => `-test.${name}=${value}`);
    // There, so that an input that fails becomes a file of testdata/, and with that a test.
    return command(`fuzz ${target}`, [program(target), ...args], { cwd: at("native", dir), env });
  });
  return sum(await Promise.all(ran));
};
