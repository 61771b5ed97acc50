import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { build } from "esbuild";
import { at, root } from "../../build/lib/root.ts";
import { type Graph, nearestFirst } from "./changed-graph.ts";

/**
 * Unit tests that a change can break, nearest first: those that import a changed source, or mention a changed file.
 */
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

/**
 * Imports between the project's sources, as the bundler resolves them. Type-only imports are checked by the compiler.
 */
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
    // Other files that a page imports.
    loader: { ".css": "empty", ".svg": "empty", ".png": "empty", ".woff2": "empty", ".node": "empty" },
    external: ["#*", "*.css"],
    logLevel: "silent",
  });
  return new Map(
    Object.entries(metafile.inputs).map(([path, { imports }]) => [path, imports.map((one) => one.path)] as const),
  );
};
