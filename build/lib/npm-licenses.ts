import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Licensed, licenseTexts } from "./licenses.ts";
import { at } from "./root.ts";
import { Trouble } from "./say.ts";

/** Packages that are not bundled but shipped as they are, with the binaries of this platform. */
const unbundled = ["node_modules/@napi-rs/keyring", "node_modules/@napi-rs/keyring-*"];

/** The npm packages of a bundle's input files, and the unbundled ones. Paths are relative to the checkout. */
export const bundledPackages = (inputs: Iterable<string>): Licensed[] => {
  const files = new Map<string, string[]>();
  for (const path of inputs) {
    const folder = packageOf(path);
    if (folder) files.set(folder, [...(files.get(folder) ?? []), path]);
  }
  for (const folder of globSync(unbundled, { cwd: at(".") })) files.set(folder.replaceAll("\\", "/"), []);
  return [...files].flatMap(([folder, paths]) => licensed(folder, paths) ?? []);
};

/** "node_modules/@scope/name" of a path; undefined for our own sources. */
export const packageOf = (path: string): string | undefined =>
  /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path.replaceAll("\\", "/"))?.[0];

const licensed = (folder: string, paths: string[]): Licensed | undefined => {
  const { name, version, license } = JSON.parse(readFileSync(at(folder, "package.json"), "utf8"));
  const sources = paths.map((path) => readFileSync(at(path), "utf8"));
  const own = licenseTexts(at(folder)) || standardText(license);
  // Marker packages such as client-only contain no code that a licence could apply to.
  if (own === "" && paths.length > 0 && sources.every((source) => source.trim() === "")) return;
  if (own === "") throw new Trouble(`licences: ${folder} has no licence text; add it to build/lib/npm-licenses.ts`);
  const text = [own, ...copyrights(sources)].join("\n\n");
  return { name, version, license, text };
};

/**
 * Text for packages that state a licence without including it. Only for Apache-2.0: other licences contain copyright lines, so they
 * need a file.
 */
const standardText = (license: unknown): string =>
  /\bApache-2\.0\b/.test(String(license)) ? readFileSync(at("LICENSE"), "utf8").trim() : "";

/** Copyright notices in the sources, which bundling removes. Notices that differ only in years are merged. */
export const copyrights = (sources: string[]): string[] => {
  const found = new Map<string, string>();
  for (const source of sources) {
    for (const [comment] of source.matchAll(/\/\*[\s\S]*?\*\/|(?:^[ \t]*\/\/.*\r?\n)+/gm)) {
      if (!/copyright/i.test(comment)) continue;
      const text = comment
        .replace(/^\s*\/\*+!?|\*+\/\s*$/g, "")
        .replace(/^[ \t]*(\*|\/\/)[ \t]?/gm, "")
        .trim();
      const key = text.replace(/\d{4}/g, "").replace(/\S+\.js\b/g, "");
      if (!found.has(key)) found.set(key, text);
    }
  }
  return [...found.values()];
};

/** Electron's own licence. Chromium's are in LICENSES.chromium.html, which electron-builder ships with the app. */
export const electronLicense = (): Licensed[] => {
  const folder = at("node_modules/electron");
  if (!existsSync(folder)) return [];
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return [{ name, version, license, text: licenseTexts(folder) }];
};
