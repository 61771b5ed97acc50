import { defineConfig } from "vitest/config";
import { root } from "../build/lib/root.ts";

/** Tests across processes, with real programs and sockets. One file at a time, because they measure times. */
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
