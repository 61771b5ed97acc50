import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** Root of the checkout; the scripts change nothing outside of it. */
export const root = resolve(import.meta.dirname, "../..");

/** A path in the checkout. */
export const at = (...parts: string[]): string => join(root, ...parts);

/** Version of everything built here, from package.json. */
export const version: string = JSON.parse(readFileSync(at("package.json"), "utf8")).version;
