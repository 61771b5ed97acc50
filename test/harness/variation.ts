import { spawnSync } from "node:child_process";
import { createHash, randomInt } from "node:crypto";
import { basename } from "node:path";
import { root } from "../../build/lib/root.ts";
import { type NameServerKind, nameServerKinds } from "./intranet/names.ts";

/**
 * What differs between the machines and networks that people have. Each test file draws one of each, so that over the runs every test
 * meets all of them. SAG_TEST_SEED repeats a run.
 */
export interface Variation {
  /** How the intranet's name server behaves. */
  nameServer: NameServerKind;
  /** What XDG_RUNTIME_DIR of a person's commands is: cron, su and sudo have none, and one that a log-out removed may still be named. */
  runtimeDir: "set" | "unset" | "removed";
}

const runtimeDirs: Variation["runtimeDir"][] = ["set", "unset", "removed"];

/** What a test that is about something else than these sees. */
export const ordinary: Variation = { nameServer: "prompt", runtimeDir: "set" };

/**
 * Chooses the run's seed and leaves it in the environment for all workers; returns it. It is the commit, so that a failure comes again
 * when the same commit is tested again, and every commit tries something else.
 */
export const chooseSeed = (env: NodeJS.ProcessEnv = process.env): string => {
  env.SAG_TEST_SEED ??= commit() ?? String(randomInt(1_000_000));
  return env.SAG_TEST_SEED;
};

const commit = (): string | undefined =>
  spawnSync("git", ["rev-parse", "--short=12", "HEAD"], { cwd: root, encoding: "utf8" }).stdout?.trim() || undefined;

/** The draw of one test file; the same for the same seed and file. */
export const draw = (file: string, seed: string): Variation => {
  const bytes = createHash("sha256")
    .update(`${seed} ${basename(file)}`)
    .digest();
  const pick = <T>(list: readonly T[], at: number): T => list[(bytes[at] ?? 0) % list.length] as T;
  return { nameServer: pick(nameServerKinds, 0), runtimeDir: pick(runtimeDirs, 1) };
};

export const describeVariation = (variation: Variation, seed: string): string =>
  `name server: ${variation.nameServer}, XDG_RUNTIME_DIR: ${variation.runtimeDir} (SAG_TEST_SEED=${seed})`;
