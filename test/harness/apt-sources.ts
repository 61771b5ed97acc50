import { existsSync, readdirSync, readFileSync } from "node:fs";

/** One archive that apt of this machine installs from. */
export interface Source {
  uri: string;
  suites: string[];
}

/** sources.list(5): both styles. Entries that are switched off are left out. */
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

/** `mirror+file:PATH` is a list of mirrors, the best first (apt-transport-mirror(1)). */
const resolved = (uri: string): string => {
  const [, path] = /^mirror\+file:(?:\/\/)?(\/.*)/.exec(uri) ?? [];
  return path && existsSync(path) ? (firstMirror(readFileSync(path, "utf8")) ?? uri) : uri;
};

export const firstMirror = (list: string): string | undefined => /^[ \t]*([a-z]+:\S+)/m.exec(list)?.[1];

/**
 * Where this machine gets a distribution from, which has all of its releases; undefined = from nowhere, or by a way that debootstrap
 * does not know. `suites`: names of releases.
 */
export const mirrorOf = (suites: readonly string[], sources = machineSources()): string | undefined =>
  sources
    .filter((source) => source.suites.some((suite) => suites.includes(suite)))
    .map(({ uri }) => resolved(uri))
    .find((uri) => /^(https?|file):/.test(uri));
