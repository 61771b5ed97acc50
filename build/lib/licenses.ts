import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A third-party package that is part of what is shipped. */
export interface Licensed {
  name: string;
  version: string;
  /** SPDX expression, where the package states one. */
  license?: string;
  /** Licence and notices, word for word. Never empty. */
  text: string;
}

/** Beside every program that is built. With an extension, so that Windows and macOS know what opens it. */
export const licensesFile = "THIRD_PARTY_LICENSES.txt";

const isLicense = (name: string): boolean => /^(licen[cs]e|notice|copying|patents|unlicense)([.\-_].*)?$/i.test(name);

/** The licence and notice files of one folder, one after the other; "" when it has none. */
export const licenseTexts = (folder: string): string =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && isLicense(entry.name) && !/\.(go|js|ts|mjs|cjs|json)$/i.test(entry.name))
    .map((entry) => readFileSync(join(folder, entry.name), "utf8").replaceAll("\r\n", "\n").trim())
    .filter((text) => text !== "")
    .join("\n\n");

const rule = "=".repeat(80);

/** One heading line per package; a text that several packages share word for word is printed once, below all of them. */
export const heading = ({ name, version, license }: Omit<Licensed, "text">): string =>
  [name, version, license && `(${license.replace(/^\((.*)\)$/, "$1")})`].filter(Boolean).join(" ");

/** The whole file. `programs` is what it accompanies, for example "sag-tunnel and sag-access-point". */
export const describeLicenses = (programs: string, packages: Licensed[]): string => {
  const groups = new Map<string, { headings: Set<string>; text: string }>();
  for (const one of packages.toSorted((a, b) => (heading(a) < heading(b) ? -1 : 1))) {
    const key = createHash("sha256").update(one.text).digest("hex");
    const group = groups.get(key) ?? { headings: new Set(), text: one.text };
    group.headings.add(heading(one));
    groups.set(key, group);
  }
  const sections = [...groups.values()].map(({ headings, text }) => [rule, ...headings, rule, "", text, ""].join("\n"));
  return `Third-party software that is part of ${programs}, and its licences\n\n${sections.join("\n")}`;
};

export const writeLicenses = (path: string, programs: string, packages: Licensed[]): void =>
  writeFileSync(path, describeLicenses(programs, packages));
