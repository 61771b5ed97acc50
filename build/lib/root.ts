import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** The checkout: everything the scripts touch is beneath it. */
export const root = resolve(import.meta.dirname, "../..");

/** A path in the checkout. */
export const at = (...parts: string[]): string => join(root, ...parts);

/** The one version of everything that is built here: package.json's. */
export const version: string = JSON.parse(readFileSync(at("package.json"), "utf8")).version;
