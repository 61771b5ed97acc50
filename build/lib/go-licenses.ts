import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { goEnvironment } from "./go.ts";
import { type Licensed, licenseTexts } from "./licenses.ts";
import { at } from "./root.ts";
import { Trouble } from "./say.ts";

/** One line per linked package: module, version, the module's folder, the package's folder. */
const format =
  "{{if not .Standard}}{{with .Module}}{{if not .Main}}{{.Path}}\t{{.Version}}\t{{.Dir}}\t{{$.Dir}}{{end}}{{end}}{{end}}";

/** The Go modules linked into commands of native/, and Go's standard library. `env` can select another platform. */
export const linkedModules = (go: string, commands: string[], env: Record<string, string> = {}): Licensed[] => {
  const options = { cwd: at("native"), env: goEnvironment({ CGO_ENABLED: "0", ...env }), encoding: "utf8" } as const;
  const lines = execFileSync(go, ["list", "-deps", "-f", format, ...commands], options)
    .split("\n")
    .filter(Boolean);
  const modules = new Map<string, { name: string; version: string; texts: Set<string> }>();
  for (const line of lines) {
    const [name = "", version = "", moduleDir = "", packageDir = ""] = line.split("\t");
    const one = modules.get(name) ?? { name, version, texts: new Set() };
    // A package can have its own licence in addition to the module's.
    for (let dir = packageDir; dir.startsWith(moduleDir); dir = dirname(dir)) {
      const text = licenseTexts(dir);
      if (text) one.texts.add(text);
    }
    if (one.texts.size === 0 && packageDir) throw new Trouble(`licences: the Go module ${name} has no licence text`);
    modules.set(name, one);
  }
  const found = [...modules.values()].map(({ name, version, texts }) => ({
    name,
    version,
    text: [...texts].join("\n\n"),
  }));
  return [standardLibrary(go, found), ...found];
};

/** Debian and others ship Go without LICENSE in GOROOT; golang.org/x/sys, which is always linked, has the same text. */
const standardLibrary = (go: string, found: Licensed[]): Licensed => {
  const [root = "", version = ""] = execFileSync(go, ["env", "GOROOT", "GOVERSION"], {
    env: goEnvironment(),
    encoding: "utf8",
  }).split("\n");
  const ofRoot = existsSync(join(root, "LICENSE")) ? licenseTexts(root) : "";
  const text = ofRoot || found.find(({ name }) => name === "golang.org/x/sys")?.text;
  if (!text) throw new Trouble("licences: Go's own licence is not in GOROOT");
  return { name: "Go standard library", version, license: "BSD-3-Clause", text };
};
