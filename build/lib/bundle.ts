import type { BuildOptions } from "esbuild";
import { root, version } from "./root.ts";

/** CommonJS packages in an ESM bundle call require for Node's built-in modules. */
const banner = `import { createRequire as sagCreateRequire } from "node:module";\nconst require = sagCreateRequire(import.meta.url);`;

/** esbuild options for a program that runs on Node. */
export const onNode = {
  absWorkingDir: root,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node24",
  // Not bundled: @napi-rs/keyring has native code in separate packages, and electron is provided by Electron.
  external: ["@napi-rs/keyring", "electron"],
  banner: { js: banner },
  // Source maps for debugging, but not referenced by the bundle, so that stack traces do not show sources to users.
  sourcemap: "external",
  legalComments: "none",
  metafile: true,
  logLevel: "silent",
} as const satisfies BuildOptions;

/** What a bundle depends on besides its sources. */
export const recipe = (...more: unknown[]): string => JSON.stringify([version, onNode, process.version, ...more]);
