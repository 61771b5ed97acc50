import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { build } from "esbuild";
import { at, root } from "../../build/lib/root.ts";
import { type Graph, nearestFirst } from "./changed-graph.ts";

/** Unit tests that a change can break, nearest first: those that reach a changed source by imports, or name a changed file. */
export const unitTests = async (changed: string[], files: string[]): Promise<string[][]> => {
  const tests = files.filter((path) => /\.test\.tsx?$/.test(path) && !/^test\/(e2e|system|app)\//.test(path));
  const other = changed.filter((path) => !/\.(tsx?|go)$/.test(path));
  const naming = tests.filter((test) => {
    if (other.length === 0) return false;
    const text = readFileSync(at(test), "utf8");
    return other.some((path) => text.includes(basename(path)));
  });
  const groups = nearestFirst(changed, await importGraph(tests), tests);
  const first = [...new Set([...(groups[0] ?? []), ...naming])];
  return [first, ...groups.slice(1).map((group) => group.filter((test) => !first.includes(test)))].filter(
    (group) => group.length > 0,
  );
};

/** Imports between our own sources, as the bundler sees them: imports of types alone are the compiler's matter. */
const importGraph = async (entries: string[]): Promise<Graph> => {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: entries,
    bundle: true,
    write: false,
    metafile: true,
    outdir: "unused",
    platform: "node",
    format: "esm",
    packages: "external",
    // What a page loads besides code.
    loader: { ".css": "empty", ".svg": "empty", ".png": "empty", ".woff2": "empty", ".node": "empty" },
    external: ["#*", "*.css"],
    logLevel: "silent",
  });
  return new Map(
    Object.entries(metafile.inputs).map(([path, { imports }]) => [path, imports.map((one) => one.path)] as const),
  );
};
