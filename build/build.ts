import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { build, type OutputFile } from "esbuild";
import { onNode, recipe } from "./lib/bundle.ts";
import { licensesFile, writeLicenses } from "./lib/licenses.ts";
import { locked } from "./lib/lock.ts";
import { bundledPackages } from "./lib/npm-licenses.ts";
import { at, root } from "./lib/root.ts";
import { duration, main, say, Trouble } from "./lib/say.ts";
import { isFresh, scriptAndImports, sealAll, writeStamp } from "./lib/stamp.ts";

/** The TypeScript programs and their entry points. */
const programs: Record<string, string> = {
  sag: "electron/cli/main.ts",
  "sag-cloud": "cloud/main.ts",
  sagctl: "cloud/ctl/main.ts",
};

const stampFile = at("dist/bundles.stamp");

/** Bundles the TypeScript programs into dist/ if one of their sources has changed. */
export const buildBundles = async (): Promise<void> => {
  const entries = Object.fromEntries(Object.entries(programs).filter(([, source]) => existsSync(at(source))));
  const wanted = recipe(entries, licensesFile);
  if (isFresh(stampFile, wanted)) return;
  await locked("bundles", async () => {
    if (isFresh(stampFile, wanted)) return;
    const start = performance.now();
    const results = await Promise.all(Object.entries(entries).map(([name, source]) => bundle(name, source)));
    const files = results.flatMap(({ outputFiles }) => outputFiles);
    // The inputs are known only after bundling. An edit between reading and this line would be missed; that is a few milliseconds.
    const sources = results.flatMap(({ metafile }) => Object.keys(metafile.inputs));
    const inputs = sealAll([...sources, ...scriptAndImports("build/build.ts")]);
    install(files);
    const licenses = `dist/${licensesFile}`;
    writeLicenses(at(licenses), "sag, sagctl and sag-cloud", bundledPackages(sources));
    const outputs = [...files.map((file) => relative(root, file.path)), licenses];
    writeStamp(stampFile, wanted, inputs, outputs);
    say(`bundles: ${Object.keys(entries).join(", ")} in ${duration(performance.now() - start)}`);
  });
};

/** Bundles each program separately: with shared chunks, `sag` would load parts of packages that only the cloud instance needs. */
const bundle = (name: string, source: string) =>
  build({
    ...onNode,
    entryPoints: { [name]: source },
    outdir: "dist",
    entryNames: "[name]",
    chunkNames: "chunks/[name]-[hash]",
    outExtension: { ".js": ".mjs" },
    splitting: true,
    write: false,
  }).catch((error: Error) => {
    throw new Trouble(`bundles: ${error.message}`);
  });

/**
 * Writes chunks first, then the entries that refer to them, each by rename, so that a program started meanwhile gets either the old or
 * the new version.
 */
const install = (files: OutputFile[]): void => {
  const chunks = at("dist/chunks");
  mkdirSync(chunks, { recursive: true });
  for (const file of files.toSorted((a, b) => Number(isEntry(a)) - Number(isEntry(b)))) {
    const fresh = join(dirname(file.path), `.${basename(file.path)}.new`);
    writeFileSync(fresh, file.contents);
    renameSync(fresh, file.path);
  }
  const current = new Set(files.map((file) => file.path));
  for (const name of readdirSync(chunks)) if (!current.has(join(chunks, name))) rmSync(join(chunks, name));
};

const isEntry = (file: OutputFile): boolean => dirname(file.path) === at("dist") && file.path.endsWith(".mjs");

if (import.meta.main) await main(buildBundles);
