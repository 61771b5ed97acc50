import { mkdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { Arch, build, Platform } from "electron-builder";
import { buildApp } from "./app.ts";
import { findGo, goEnvironment } from "./lib/go.ts";
import { linkedModules } from "./lib/go-licenses.ts";
import { licensesFile, writeLicenses } from "./lib/licenses.ts";
import { at, version } from "./lib/root.ts";
import { run } from "./lib/run.ts";
import { main, say, Trouble } from "./lib/say.ts";

/**
 * `npm run package [-- --arch x64,arm64] [--dir]`: builds installers of the desktop app for this operating system, as configured by
 * electron-builder.yml. --dir builds only the unpacked app.
 */

interface Target {
  platform: Platform;
  /** electron-builder's ${os}. */
  os: string;
  goos: string;
  suffix: string;
}

const targets: Partial<Record<NodeJS.Platform, Target>> = {
  linux: { platform: Platform.LINUX, os: "linux", goos: "linux", suffix: "" },
  darwin: { platform: Platform.MAC, os: "mac", goos: "darwin", suffix: "" },
  win32: { platform: Platform.WINDOWS, os: "win", goos: "windows", suffix: ".exe" },
};

const archs: Record<string, { arch: Arch; goarch: string }> = {
  x64: { arch: Arch.x64, goarch: "amd64" },
  arm64: { arch: Arch.arm64, goarch: "arm64" },
};

const makePackages = async (): Promise<void> => {
  const { values } = parseArgs({
    options: { arch: { type: "string", default: process.arch }, dir: { type: "boolean", default: false } },
  });
  const target = targets[process.platform];
  if (!target) throw new Trouble(`there are no packages for ${process.platform}`);
  const wanted = values.arch.split(",").map((name) => {
    const arch = archs[name];
    if (!arch) throw new Trouble(`there are no packages for ${name}: it is one of ${Object.keys(archs).join(", ")}`);
    return { name, ...arch };
  });
  await buildApp();
  for (const { name, goarch } of wanted) await buildTunnel(target, name, goarch);
  const files = await build({
    targets: target.platform.createTarget(values.dir ? "dir" : null, ...wanted.map(({ arch }) => arch)),
    projectDir: at("."),
    publish: "never",
  }).catch((error: Error) => {
    throw new Trouble(`electron-builder could not finish: ${error.message.split("\n")[0]}`);
  });
  for (const file of files) say(file);
};

const buildTunnel = async ({ os, goos, suffix }: Target, arch: string, goarch: string): Promise<void> => {
  const folder = at("dist/package/native", `${os}-${arch}`);
  mkdirSync(folder, { recursive: true });
  const flags = ["-trimpath", "-ldflags", `-s -w -X main.version=${version}`];
  say(`sag-tunnel for ${goos}/${goarch}`);
  const go = await findGo();
  await run(go, ["build", ...flags, "-o", `${folder}/sag-tunnel${suffix}`, "./cmd/sag-tunnel"], {
    cwd: at("native"),
    env: goEnvironment({ CGO_ENABLED: "0", GOOS: goos, GOARCH: goarch }),
  });
  const linked = linkedModules(go, ["./cmd/sag-tunnel"], { GOOS: goos, GOARCH: goarch });
  writeLicenses(`${folder}/${licensesFile}`, "sag-tunnel", linked);
};

if (import.meta.main) await main(makePackages);
