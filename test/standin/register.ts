import { enableCompileCache, registerHooks } from "node:module";
import { at } from "../../build/lib/root.ts";

// Caches compiled code, because the code that controls Chromium is large.
enableCompileCache(at(".cache/standin"));

/**
 * Preloaded (`node --import`) before the built main process: replaces `electron` by the stand-in wherever it is
 * imported.
 */
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "electron"
      ? { url: new URL("./electron.ts", import.meta.url).href, format: "module-typescript", shortCircuit: true }
      : next(specifier, context),
});
