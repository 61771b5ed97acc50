import { spawnSync } from "node:child_process";
import { at } from "../../build/lib/root.ts";
import { command } from "./command.ts";
import { fuzz } from "./fuzz.ts";
import { actionlint, deadcode, goEngine, gofmt, goMemory, goTest, staticcheck, vet } from "./go.ts";
import { notRun, type Outcome } from "./outcome.ts";
import { packages } from "./packages.ts";
import { vitest } from "./vitest.ts";

export interface Stage {
  name: string;
  run(): Promise<Outcome>;
}

const node = at("node_modules/.bin/node");
const script = (name: string, ...args: string[]): Stage => ({ name, run: () => command(name, [node, ...args]) });

/** A stage that runs one program of node_modules with this checkout's Node.js. */
const tool = (name: string, program: string, ...args: string[]): Stage => ({
  name,
  run: () => command(name, [node, at(`node_modules/.bin/${program}`), ...args]),
});

/** The stages of `npm test`, in this order: quick ones, and those that others depend on, come first. */
export const stages: Stage[] = [
  { name: "packages", run: packages },
  script("build", "build/build.ts"),
  script("build:app", "build/app.ts"),
  script("build:native", "build/native.ts"),
  script("generate", "build/generate.ts", "--check"),
  { name: "biome", run: () => command("biome", [at("node_modules/.bin/biome"), "check", "."]) },
  { name: "types", run: () => command("types", [at("node_modules/.bin/tsc"), "-p", "."]) },
  // Checks that need types or the whole program: floating promises, unused files and exports, forbidden imports.
  tool("oxlint", "oxlint", "--type-aware"),
  tool("knip", "knip", "--no-progress"),
  tool(
    "imports",
    "depcruise",
    "--config",
    ".dependency-cruiser.cjs",
    "build",
    "cloud",
    "common",
    "electron",
    "renderer",
    "test",
  ),
  {
    name: "shellcheck",
    run: async () =>
      spawnSync("shellcheck", ["--version"]).status === 0
        ? command("shellcheck", ["shellcheck", "bin/.launch", ".ci/run"])
        : notRun("the check of the launchers", "shellcheck"),
  },
  { name: "actionlint", run: actionlint },
  { name: "gofmt", run: gofmt },
  { name: "go vet", run: vet },
  { name: "staticcheck", run: staticcheck },
  { name: "deadcode", run: deadcode },
  { name: "go test", run: goTest },
  { name: "engine", run: goEngine },
  { name: "go memory", run: goMemory },
  { name: "fuzz", run: () => fuzz() },
  { name: "unit", run: () => vitest("unit", "vitest.config.ts") },
  { name: "e2e", run: () => vitest("e2e", "test/vitest.e2e.config.ts") },
  { name: "app", run: () => vitest("app", "test/vitest.app.config.ts") },
];
