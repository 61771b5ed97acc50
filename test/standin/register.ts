import { registerHooks } from "node:module";

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
