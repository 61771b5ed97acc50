import { cpSync, existsSync, renameSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import type { BuildOptions } from "esbuild";
import type { InlineConfig, Plugin } from "vite";
import { onNode, recipe } from "./lib/bundle.ts";
import { licensesFile, writeLicenses } from "./lib/licenses.ts";
import { locked } from "./lib/lock.ts";
import { bundledPackages, electronLicense } from "./lib/npm-licenses.ts";
import { at, root } from "./lib/root.ts";
import { duration, main, say, Trouble } from "./lib/say.ts";
import { isFresh, scriptAndImports, sealAll, writeStamp } from "./lib/stamp.ts";

/** Folder from which Electron runs: main.mjs, preload.cjs, renderer/, icons/. */
export const folder = "dist/app";
export const stampFile = at("dist/app.stamp");

/** Entry points and their output files in dist/app. The second one is the same shell with a fake core, for the tests in test/app. */
const mains: Record<string, string> = {
  "electron/main.ts": "main.mjs",
  "test/app/fake/main.ts": "fake-main.mjs",
};

/** Builds the desktop app into dist/app if one of its sources has changed. */
export const buildApp = async (): Promise<void> => {
  const entries = Object.entries(mains).filter(([source]) => existsSync(at(source)));
  const wanted = recipe(entries, "production", licensesFile);
  if (isFresh(stampFile, wanted)) return;
  await locked("app", async () => {
    if (isFresh(stampFile, wanted)) return;
    const start = performance.now();
    const inputs = [...(await bundleMains(entries)), ...(await bundlePreload()), ...(await bundleRenderer())];
    if (existsSync(at("build/icons")))
      cpSync(at("build/icons"), at(folder, "icons"), { recursive: true, filter: (path) => !path.endsWith(".ts") });
    const licenses = join(folder, licensesFile);
    writeLicenses(at(licenses), "the SAG app", [...bundledPackages(inputs), ...electronLicense()]);
    const outputs = [
      licenses,
      ...entries.map(([, file]) => join(folder, file)),
      join(folder, "preload.cjs"),
      join(folder, "renderer/index.html"),
    ];
    writeStamp(stampFile, wanted, sealAll(new Set([...inputs, ...scriptAndImports("build/app.ts")])), outputs);
    say(`app: built in ${duration(performance.now() - start)}`);
  });
};

/** esbuild options for a main process. */
export const mainOptions = (source: string, file: string) => ({
  ...onNode,
  entryPoints: [source],
  outfile: join(folder, file),
});

/** esbuild options for the preload script. Electron's sandbox runs only a single CommonJS file. */
export const preloadOptions = {
  ...onNode,
  entryPoints: ["electron/preload.ts"],
  outfile: join(folder, "preload.cjs"),
  format: "cjs",
  external: ["electron"],
  banner: {},
  sourcemap: false,
} as const satisfies BuildOptions;

/** Vite configuration for the window's pages. Vite is loaded only if there is something to build. */
export const pagesConfig = async (outDir: string, ...plugins: Plugin[]): Promise<InlineConfig> => {
  const { default: react } = await import("@vitejs/plugin-react");
  return {
    root: at("renderer"),
    configFile: false,
    logLevel: "error",
    base: "./",
    plugins: [react(), ...plugins],
    // No inlined assets: the content security policy does not allow data: URLs.
    build: { outDir, emptyOutDir: true, target: "chrome140", assetsInlineLimit: 0, modulePreload: false },
  };
};

const bundleMains = async (entries: [string, string][]): Promise<string[]> => {
  // Loaded on demand, here and below, because most starts find nothing to build.
  const { build: bundle } = await import("esbuild");
  const inputs: string[] = [];
  for (const [source, file] of entries) {
    const { metafile } = await bundle(mainOptions(source, file)).catch(fail);
    inputs.push(...Object.keys(metafile.inputs));
  }
  return inputs;
};

const bundlePreload = async (): Promise<string[]> => {
  const { build: bundle } = await import("esbuild");
  const { metafile } = await bundle(preloadOptions).catch(fail);
  return Object.keys(metafile.inputs);
};

const bundleRenderer = async (): Promise<string[]> => {
  const { build: buildPages } = await import("vite");
  const sources: string[] = [];
  const note: Plugin = {
    name: "sag-sources",
    generateBundle() {
      for (const id of this.getModuleIds()) sources.push(id.replace(/\?.*$/, ""));
    },
  };
  const fresh = at(folder, "renderer.new");
  const config = await pagesConfig(fresh, note);
  await inProduction(() => buildPages(config)).catch(fail);
  const final = at(folder, "renderer");
  rmSync(final, { recursive: true, force: true });
  renameSync(fresh, final);
  return [...sources, at("renderer/index.html")].filter((path) => existsSync(path)).map((path) => relative(root, path));
};

/** Sets NODE_ENV to "production" during `work`: a test runner's NODE_ENV would otherwise select React's development build. */
export const inProduction = async <T>(work: () => Promise<T>): Promise<T> => {
  const { NODE_ENV: before } = process.env;
  process.env.NODE_ENV = "production";
  try {
    return await work();
  } finally {
    if (before === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = before;
  }
};

const fail = (error: Error): never => {
  throw new Trouble(`app: ${error.message}`);
};

if (import.meta.main) await main(buildApp);
