import { execFileSync } from "node:child_process";
import { dirname } from "node:path";
import { findGo, goEnvironment } from "../../build/lib/go.ts";
import { at } from "../../build/lib/root.ts";
import { type Graph, nearestFirst } from "./changed-graph.ts";

interface Package {
  ImportPath: string;
  Dir: string;
  Imports?: string[];
  TestImports?: string[];
  XTestImports?: string[];
}

type Edge = [from: string, to: readonly string[]];

/** Packages of native/ whose tests a change can break, nearest first. */
export const goPackages = async (changed: string[]): Promise<string[][]> => {
  const folders = new Set(changed.filter((path) => path.startsWith("native/")).map((path) => at(dirname(path))));
  if (folders.size === 0) return [];
  const fields = "ImportPath,Dir,Imports,TestImports,XTestImports";
  const listed = execFileSync(await findGo(), ["list", `-json=${fields}`, "./..."], {
    cwd: at("native"),
    env: goEnvironment(),
    encoding: "utf8",
    maxBuffer: 64e6,
  });
  const packages: Package[] = JSON.parse(`[${listed.replaceAll(/^\}\n\{/gm, "},{")}]`);
  // Test imports only affect the package's own tests, not its importers.
  const graph: Graph = new Map(
    packages.flatMap<Edge>(({ ImportPath: path, Imports = [], TestImports = [], XTestImports = [] }) => [
      [path, Imports] satisfies Edge,
      [`${path} test`, [path, ...TestImports, ...XTestImports]] satisfies Edge,
    ]),
  );
  const own = packages
    // Test data and generated code are in directories below their package.
    .filter(({ Dir }) => [...folders].some((folder) => folder === Dir || folder.startsWith(`${Dir}/testdata`)))
    .map(({ ImportPath }) => ImportPath);
  const groups = nearestFirst(
    own,
    graph,
    [...graph.keys()].filter((node) => node.endsWith(" test")),
  );
  return groups.map((group) => group.map((node) => node.replace(/ test$/, "")));
};
