import { existsSync, readdirSync, readFileSync } from "node:fs";

/** An archive in this host's apt sources. */
export interface Source {
  uri: string;
  suites: string[];
}

/** Parses both formats of sources.list(5). Disabled entries are left out. */
export const parseSources = (text: string): Source[] => {
  const found: Source[] = [];
  for (const line of text.split("\n")) {
    const [, uri, suite] = /^\s*deb\s+(?:\[[^\]]*\]\s*)?(\S+)\s+(\S+)/.exec(line) ?? [];
    if (uri && suite) found.push({ uri, suites: [suite] });
  }
  for (const stanza of text.split(/\n\s*\n/)) {
    const field = (name: string): string[] =>
      new RegExp(`^${name}:(.*(?:\\n[ \\t].*)*)`, "im").exec(stanza)?.[1]?.trim().split(/\s+/) ?? [];
    if (!field("Types").includes("deb") || field("Enabled").includes("no")) continue;
    for (const uri of field("URIs")) found.push({ uri, suites: field("Suites") });
  }
  return found;
};

const folder = "/etc/apt/sources.list.d";

const machineSources = (): Source[] =>
  ["/etc/apt/sources.list", ...(existsSync(folder) ? readdirSync(folder).map((name) => `${folder}/${name}`) : [])]
    .filter((path) => /\.(list|sources)$/.test(path) && existsSync(path))
    .flatMap((path) => parseSources(readFileSync(path, "utf8")));

/** `mirror+file:PATH` is a list of mirrors, best first (apt-transport-mirror(1)). */
const resolved = (uri: string): string => {
  const [, path] = /^mirror\+file:(?:\/\/)?(\/.*)/.exec(uri) ?? [];
  return path && existsSync(path) ? (firstMirror(readFileSync(path, "utf8")) ?? uri) : uri;
};

export const firstMirror = (list: string): string | undefined => /^[ \t]*([a-z]+:\S+)/m.exec(list)?.[1];

/**
 * This host's mirror for a distribution, which has all of its releases; undefined = there is none, or debootstrap
 * does not support its protocol. `suites`: names of releases.
 */
export const mirrorOf = (suites: readonly string[], sources = machineSources()): string | undefined =>
  sources
    .filter((source) => source.suites.some((suite) => suites.includes(suite)))
    .map(({ uri }) => resolved(uri))
    .find((uri) => /^(https?|file):/.test(uri));
