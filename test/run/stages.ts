import { spawnSync } from "node:child_process";
import { at } from "../../build/lib/root.ts";
import { command } from "./command.ts";
import { fuzz } from "./fuzz.ts";
import { actionlint, gofmt, goMemory, goTest, vet } from "./go.ts";
import { notRun, type Outcome } from "./outcome.ts";
import { packages } from "./packages.ts";
import { vitest } from "./vitest.ts";

export interface Stage {
  name: string;
  run(): Promise<Outcome>;
}

const node = at("node_modules/.bin/node");
const script = (name: string, ...args: string[]): Stage => ({ name, run: () => command(name, [node, ...args]) });

/** Everything `npm test` does, in this order: what is quick and what others stand on comes first. */
export const stages: Stage[] = [
  { name: "packages", run: packages },
  script("build", "build/build.ts"),
  script("build:app", "build/app.ts"),
  script("build:native", "build/native.ts"),
  script("generate", "build/generate.ts", "--check"),
  { name: "biome", run: () => command("biome", [at("node_modules/.bin/biome"), "check", "."]) },
  { name: "types", run: () => command("types", [at("node_modules/.bin/tsc"), "-p", "."]) },
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
  { name: "go test", run: goTest },
  { name: "go memory", run: goMemory },
  { name: "fuzz", run: () => fuzz() },
  { name: "unit", run: () => vitest("unit", "vitest.config.ts") },
  { name: "e2e", run: () => vitest("e2e", "test/vitest.e2e.config.ts") },
  { name: "app", run: () => vitest("app", "test/vitest.app.config.ts") },
];
