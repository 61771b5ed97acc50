import { defineConfig } from "vitest/config";
import { root } from "../build/lib/root.ts";

/**
 * Specifications of the desktop app: the built app on real Electron where that is installed, else on its stand-in, with a real
 * renderer in both cases.
 */
export default defineConfig({
  root,
  test: {
    include: ["test/app/**/*.test.ts"],
    globalSetup: ["test/app/global.ts"],
    // They wait more than they work, and each has a home, a company and a browser of its own.
    maxWorkers: 2,
    testTimeout: 60_000,
    expect: { poll: { timeout: 8_000 } },
    hookTimeout: 60_000,
  },
});
