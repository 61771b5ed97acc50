import { spawnSync } from "node:child_process";
import { createHash, randomInt } from "node:crypto";
import { basename } from "node:path";
import { root } from "../../build/lib/root.ts";
import { type NameServerKind, nameServerKinds } from "./intranet/names.ts";

/**
 * Differences between users' hosts and networks. Each test file draws one value of each, so that over many runs every
 * test meets all of them. SAG_TEST_SEED repeats a run.
 */
export interface Variation {
  /** How the intranet's name server behaves. */
  nameServer: NameServerKind;
  /**
   * XDG_RUNTIME_DIR of commands: cron, su and sudo do not set it, and after a logout it may name a removed directory.
   */
  runtimeDir: "set" | "unset" | "removed";
}

const runtimeDirs: Variation["runtimeDir"][] = ["set", "unset", "removed"];

/** For tests that are not about these differences. */
export const ordinary: Variation = { nameServer: "prompt", runtimeDir: "set" };

/**
 * Chooses the seed of the run, puts it into the environment for all workers, and returns it. It is derived from the
 * commit, so that a failure is reproducible at the same commit, and every commit tries other values.
 */
export const chooseSeed = (env: NodeJS.ProcessEnv = process.env): string => {
  env.SAG_TEST_SEED ??= commit() ?? String(randomInt(1_000_000));
  return env.SAG_TEST_SEED;
};

const commit = (): string | undefined =>
  spawnSync("git", ["rev-parse", "--short=12", "HEAD"], { cwd: root, encoding: "utf8" }).stdout?.trim() || undefined;

/** Draws the values of one test file; the same for the same seed and file. */
export const draw = (file: string, seed: string): Variation => {
  const bytes = createHash("sha256")
    .update(`${seed} ${basename(file)}`)
    .digest();
  const pick = <T>(list: readonly T[], at: number): T => list[(bytes[at] ?? 0) % list.length] as T;
  return { nameServer: pick(nameServerKinds, 0), runtimeDir: pick(runtimeDirs, 1) };
};

export const describeVariation = (variation: Variation, seed: string): string =>
  `name server: ${variation.nameServer}, XDG_RUNTIME_DIR: ${variation.runtimeDir} (SAG_TEST_SEED=${seed})`;
