import { type BuildContext, context } from "esbuild";
import { build as buildPages, type InlineConfig } from "vite";
import { folder, inProduction, mainOptions, pagesConfig, preloadOptions } from "../app.ts";
import { at } from "./root.ts";

/** Incremental builds of the app's parts. */
export class AppBuild {
  readonly #contexts: BuildContext[];
  readonly #config: InlineConfig;

  private constructor(contexts: BuildContext[], config: InlineConfig) {
    this.#contexts = contexts;
    this.#config = config;
  }

  static async start(): Promise<AppBuild> {
    const contexts = await Promise.all([context(mainOptions("electron/main.ts", "main.mjs")), context(preloadOptions)]);
    const config = await pagesConfig(at(folder, "renderer"));
    return new AppBuild(contexts, config);
  }

  /** Rebuilds the main process and the preload script. */
  async main(): Promise<void> {
    await Promise.all(this.#contexts.map((one) => one.rebuild()));
  }

  /** Rebuilds the window's pages. */
  async pages(): Promise<void> {
    await inProduction(() => buildPages(this.#config));
  }

  async end(): Promise<void> {
    await Promise.all(this.#contexts.map((one) => one.dispose()));
  }
}
