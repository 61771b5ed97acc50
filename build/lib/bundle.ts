import type { BuildOptions } from "esbuild";
import { root, version } from "./root.ts";

/** CommonJS packages inside an ESM bundle still call require for Node's own modules. */
const banner = `import { createRequire as sagCreateRequire } from "node:module";\nconst require = sagCreateRequire(import.meta.url);`;

/** How a program that runs on Node is bundled. */
export const onNode = {
  absWorkingDir: root,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node24",
  // They bring native code in packages of their own, or are Electron's, so they stay outside.
  external: ["@napi-rs/keyring", "electron"],
  banner: { js: banner },
  // Beside the bundle for whoever debugs, but not named in it: no stack trace with sources reaches a user.
  sourcemap: "external",
  legalComments: "none",
  metafile: true,
  logLevel: "silent",
} as const satisfies BuildOptions;

/** What a bundle depends on besides its sources. */
export const recipe = (...more: unknown[]): string => JSON.stringify([version, onNode, process.version, ...more]);
