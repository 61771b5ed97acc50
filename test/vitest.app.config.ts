import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { root } from "../build/lib/root.ts";

/** It measures seconds of a whole machine: nothing else runs beside it. */
const alone = "test/app/start.test.ts";

/** It chooses another language for its process: modules that another file has loaded would be English. */
const otherLanguage = "test/app/pseudo.test.ts";

/** What takes longest comes first, so that the workers end together. */
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
 * Specifications of the desktop app: the built app on real Electron where that is installed, else on its stand-in, with a real
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
          // They wait more than they work, with two processors as well; what needs a home, a company or a browser of its own
          // makes them.
          maxWorkers: 3,
          // What takes longest is started once a worker (shared.ts).
          isolate: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
