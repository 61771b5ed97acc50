import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { build, type OutputFile } from "esbuild";
import { locked } from "./lib/lock.ts";
import { at, root, version } from "./lib/root.ts";
import { duration, main, say, Trouble } from "./lib/say.ts";
import { isFresh, sealAll, writeStamp } from "./lib/stamp.ts";

/** The programs in TypeScript, by the name of their launcher. */
const programs: Record<string, string> = {
  sag: "electron/cli/main.ts",
  "sag-cloud": "cloud/main.ts",
  sagctl: "cloud/ctl/main.ts",
};

/** They bring native code in packages of their own, so they stay in node_modules. */
const external = ["better-sqlite3", "@napi-rs/keyring", "electron"];

/** CommonJS packages inside an ESM bundle still call require for Node's own modules. */
const banner = `import { createRequire as sagCreateRequire } from "node:module";\nconst require = sagCreateRequire(import.meta.url);`;

const stampFile = at("dist/bundles.stamp");

/** Bundles the TypeScript programs into dist/ when one of their sources has changed since the last time. */
export const buildBundles = async (): Promise<void> => {
  const entries = Object.fromEntries(Object.entries(programs).filter(([, source]) => existsSync(at(source))));
  const recipe = JSON.stringify([entries, version, external, banner, process.version]);
  if (isFresh(stampFile, recipe)) return;
  await locked("bundles", async () => {
    if (isFresh(stampFile, recipe)) return;
    const start = performance.now();
    const result = await build({
      absWorkingDir: root,
      entryPoints: entries,
      outdir: "dist",
      entryNames: "[name]",
      chunkNames: "chunks/[name]-[hash]",
      outExtension: { ".js": ".mjs" },
      bundle: true,
      splitting: true,
      format: "esm",
      platform: "node",
      target: "node24",
      external,
      banner: { js: banner },
      // Beside the bundle for whoever debugs, but not named in it: no stack trace with sources reaches a user.
      sourcemap: "external",
      legalComments: "none",
      metafile: true,
      write: false,
      logLevel: "silent",
    }).catch((error: Error) => {
      throw new Trouble(`bundles: ${error.message}`);
    });
    // Sealed after reading: an edit in between is the only thing this could miss, and esbuild reads in milliseconds.
    const inputs = sealAll(Object.keys(result.metafile.inputs));
    const outputs = result.outputFiles.map((file) => relative(root, file.path));
    install(result.outputFiles);
    writeStamp(stampFile, recipe, inputs, outputs);
    say(`bundles: ${Object.keys(entries).join(", ")} in ${duration(performance.now() - start)}`);
  });
};

/** Chunks first, then the entries that name them, each by rename: a program started meanwhile sees the old or the new. */
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
