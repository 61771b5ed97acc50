import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { root } from "../build/lib/root.ts";

/** It measures the start on the whole host, so nothing else may run in parallel. */
const alone = "test/app/start.test.ts";

/** It sets another language for its process, so it must not share modules with other files. */
const otherLanguage = "test/app/pseudo.test.ts";

/** The slowest files come first, so that the workers finish together. */
const longest = [
  "start-clean",
  "screens",
  "real-kills-main",
  "real-account",
  "real-causes",
  "real-hops",
  "connection",
  "real-causes-few",
  "real-kills-window",
  "sign-in",
  "everything-real",
  "shell",
  "resources",
  "settings",
  "quit-keychain",
];
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = longest.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
      return at < 0 ? longest.length : at;
    };
    return files.toSorted((a, b) => rank(a) - rank(b));
  }
}

/**
 * Tests of the desktop app: the built app on real Electron if installed, otherwise on its stand-in, with a real
 * renderer in both cases.
 */
export default defineConfig({
  root,
  test: {
    sequence: { sequencer: LongestFirst },
    globalSetup: ["test/app/global.ts"],
    testTimeout: 60_000,
    expect: { poll: { timeout: 8_000 } },
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: { name: "start", include: [alone, otherLanguage], fileParallelism: false, sequence: { groupOrder: 0 } },
      },
      {
        extends: true,
        test: {
          name: "app",
          include: ["test/app/**/*.test.ts"],
          exclude: [alone, otherLanguage],
          // They mostly wait, so three workers suit two processors too; tests that need a home, a company or a
          // browser create their own.
          maxWorkers: 3,
          // Slow parts are started once per worker (shared.ts).
          isolate: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
