import { defineConfig } from "vitest/config";
import { root } from "../build/lib/root.ts";

/** Tests that cross processes: real programs, real sockets. One file at a time: they measure limits in seconds. */
export default defineConfig({
  root,
  test: {
    include: ["test/e2e/**/*.test.ts", "test/system/**/*.test.ts"],
    globalSetup: ["test/harness/global.ts"],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    passWithNoTests: true,
  },
});
