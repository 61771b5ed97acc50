import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { at } from "./root.ts";

/**
 * What a build was made from. Files are compared by size and modification time, which takes milliseconds instead of seconds for
 * hashing.
 */
interface Stamp {
  /** Everything else the result depends on: versions, flags. */
  recipe: string;
  inputs: Record<string, string>;
  outputs: string[];
}

const seal = (path: string): string => {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat ? `${stat.size} ${stat.mtimeMs}` : "absent";
};

/** Whether all outputs of the last build exist and none of its inputs has changed. */
export const isFresh = (stampFile: string, recipe: string): boolean => {
  if (!existsSync(stampFile)) return false;
  const stamp: Stamp = JSON.parse(readFileSync(stampFile, "utf8"));
  return (
    stamp.recipe === recipe &&
    stamp.outputs.every((path) => existsSync(at(path))) &&
    Object.entries(stamp.inputs).every(([path, was]) => seal(at(path)) === was)
  );
};

/** Sizes and times of the inputs; taken before the build, so that an edit during the build makes the result stale. */
export const sealAll = (paths: Iterable<string>): Record<string, string> =>
  Object.fromEntries([...paths].sort().map((path) => [path, seal(at(path))]));

/**
 * A build script and everything it imports from the checkout, as relative paths. These are inputs too, because a changed script builds
 * something else.
 */
export const scriptAndImports = (script: string): string[] => {
  const found = new Set([script]);
  for (const path of found) {
    if (!existsSync(at(path))) continue;
    for (const [, imported = ""] of readFileSync(at(path), "utf8").matchAll(
      /^(?:import|export) [^;]*?from "(\..*?)";/gm,
    ))
      found.add(join(dirname(path), imported));
  }
  return [...found];
};

/** Writes the stamp; call it last, when all outputs exist. Paths are relative to the checkout. */
export const writeStamp = (
  stampFile: string,
  recipe: string,
  inputs: Record<string, string>,
  outputs: string[],
): void => {
  const stamp: Stamp = { recipe, inputs, outputs };
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, JSON.stringify(stamp));
};
