import { defineConfig } from "vitest/config";

/** Unit tests stand beside their source; what crosses a process is in test/ (vitest.e2e.config.ts). */
export default defineConfig({
  test: {
    include: [
      "{common,electron,renderer,cloud,build}/**/*.test.ts",
      "renderer/**/*.test.tsx",
      "test/{run,harness,trial,bench}/**/*.test.ts",
    ],
    testTimeout: 10_000,
    passWithNoTests: true,
  },
});
