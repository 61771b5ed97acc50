import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A third-party package that is part of a shipped program. */
export interface Licensed {
  name: string;
  version: string;
  /** SPDX expression, if the package states one. */
  license?: string;
  /** Full text of the licence and notices; never empty. */
  text: string;
}

/** Name of the licence file next to every built program. It has an extension so that Windows and macOS can open it. */
export const licensesFile = "THIRD_PARTY_LICENSES.txt";

const isLicense = (name: string): boolean => /^(licen[cs]e|notice|copying|patents|unlicense)([.\-_].*)?$/i.test(name);

/** The licence and notice files of a folder, concatenated; "" if there are none. */
export const licenseTexts = (folder: string): string =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && isLicense(entry.name) && !/\.(go|js|ts|mjs|cjs|json)$/i.test(entry.name))
    .map((entry) => readFileSync(join(folder, entry.name), "utf8").replaceAll("\r\n", "\n").trim())
    .filter((text) => text !== "")
    .join("\n\n");

const rule = "=".repeat(80);

/** Heading line of a package. Packages with identical licence texts share one section. */
export const heading = ({ name, version, license }: Omit<Licensed, "text">): string =>
  [name, version, license && `(${license.replace(/^\((.*)\)$/, "$1")})`].filter(Boolean).join(" ");

/** The whole file. `programs` is what it belongs to, for example "sag-tunnel and sag-access-point". */
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
