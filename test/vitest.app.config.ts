import { defineConfig } from "vitest/config";
import { root } from "../build/lib/root.ts";

/** It measures seconds of a whole machine: nothing else runs beside it. */
const alone = "test/app/start.test.ts";

/**
 * Specifications of the desktop app: the built app on real Electron where that is installed, else on its stand-in, with a real
 * renderer in both cases.
 */
export default defineConfig({
  root,
  test: {
    globalSetup: ["test/app/global.ts"],
    testTimeout: 60_000,
    expect: { poll: { timeout: 8_000 } },
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: { name: "start", include: [alone], fileParallelism: false, sequence: { groupOrder: 0 } },
      },
      {
        extends: true,
        test: {
          name: "app",
          include: ["test/app/**/*.test.ts"],
          exclude: [alone],
          // They wait more than they work, and each has a home, a company and a browser of its own.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
