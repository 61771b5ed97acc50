import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { findGo, goEnvironment } from "./lib/go.ts";
import { linkedModules } from "./lib/go-licenses.ts";
import { licensesFile, writeLicenses } from "./lib/licenses.ts";
import { locked } from "./lib/lock.ts";
import { at, root, version } from "./lib/root.ts";
import { run } from "./lib/run.ts";
import { duration, main, say } from "./lib/say.ts";
import { isFresh, scriptAndImports, sealAll, writeStamp } from "./lib/stamp.ts";

const stampFile = at("dist/native.stamp");

/** Strip debug information and the checkout's path, and set the version of package.json. */
const flags = ["-trimpath", "-ldflags", `-s -w -X main.version=${version}`];

/** Builds every program of native/cmd into dist/native/ if a source has changed. */
export const buildNative = async (): Promise<void> => {
  // The recipe includes the list of files, so that a new file makes the result stale.
  const before = recipe();
  if (isFresh(stampFile, before)) return;
  await locked("native", async () => {
    const wanted = recipe();
    if (isFresh(stampFile, wanted)) return;
    const names = programs();
    if (names.length === 0) return;
    const go = await findGo();
    const start = performance.now();
    const inputs = sealAll([...sources(), ...scriptAndImports("build/native.ts")]);
    const fresh = at("dist/native/.new");
    mkdirSync(fresh, { recursive: true });
    const commands = names.map((name) => `./cmd/${name}`);
    say(`native: building ${names.join(", ")}`);
    await run(go, ["build", ...flags, "-o", `${fresh}/`, ...commands], {
      cwd: at("native"),
      env: goEnvironment({ CGO_ENABLED: "0" }),
    });
    // Rename, so that a running program keeps its own file.
    for (const name of names) renameSync(join(fresh, name), at("dist/native", name));
    rmSync(fresh, { recursive: true });
    const licenses = `dist/native/${licensesFile}`;
    writeLicenses(at(licenses), names.join(" and "), linkedModules(go, commands));
    const outputs = [...names.map((name) => `dist/native/${name}`), licenses];
    writeStamp(stampFile, wanted, inputs, outputs);
    say(`native: ${names.join(", ")} in ${duration(performance.now() - start)}`);
  });
};

const recipe = (): string => JSON.stringify([flags, licensesFile, process.platform, process.arch, sources()]);

const programs = (): string[] => (existsSync(at("native/cmd")) ? readdirSync(at("native/cmd")).sort() : []);

/** All files of native/ that a build may read, without tests and without the generated workspace file (lib/engine.ts). */
const sources = (): string[] =>
  readdirSync(at("native"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith("_test.go") && !entry.name.startsWith("go.work"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();

if (import.meta.main) await main(buildNative);
