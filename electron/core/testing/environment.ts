import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Environment } from "../host/environment.ts";

/** An environment for one test, in a temporary directory. */
export interface TestEnvironment extends Environment {
  /** Moves the wall clock, ms. */
  advance(ms: number): void;
  remove(): void;
}

export function testEnvironment(): TestEnvironment {
  // A short path, because Unix sockets are created below it.
  const root = mkdtempSync("/tmp/sag-t-");
  let ahead = 0;
  return {
    configDir: join(root, "config"),
    stateDir: join(root, "state"),
    runtimeDir: join(root, "run"),
    otherRuntimeDirs: () => [join(root, "former"), join(root, "spare")],
    spareRuntimeDir: () => join(root, "spare"),
    serviceDir: join(root, "service"),
    serviceRoot: root,
    serviceOwner: process.getuid?.() ?? 0,
    deviceName: "test-laptop",
    platform: "linux",
    uid: process.getuid?.() ?? null,
    tunnelBinary: "/nonexistent",
    now: () => Date.now() + ahead,
    spawn,
    advance: (ms) => {
      ahead += ms;
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
