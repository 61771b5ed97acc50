import { enableCompileCache, registerHooks } from "node:module";
import { at } from "../../build/lib/root.ts";

// What drives Chromium is large, and is read anew at every start.
enableCompileCache(at(".cache/standin"));

/**
 * Preloaded (`node --import`) before the built main process: wherever that imports `electron`, it gets the stand-in. Nothing
 * else about it is changed.
 */
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "electron"
      ? { url: new URL("./electron.ts", import.meta.url).href, format: "module-typescript", shortCircuit: true }
      : next(specifier, context),
});
