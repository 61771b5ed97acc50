import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { download } from "./download.ts";
import { ensureEngine } from "./engine.ts";
import { locked } from "./lock.ts";
import { at } from "./root.ts";
import { duration, say, Trouble } from "./say.ts";
import { unzip } from "./unzip.ts";

/** Go version to download if the host has none that is new enough, and the SHA-256 of its archive by platform. */
const pinned = "1.26.8";
const archives: Record<string, string> = {
  "linux-amd64": "30c2b1bf7dcc88d3eb0a1364e47ddd9128edb3110a30e8a0ef61cd5856b31de7",
  "linux-arm64": "02b36b6787b3ac767668f630e2998df45a3b1f9ffee08d1bf3ef6487cd658d99",
  "darwin-amd64": "fe99a2009e5bb51e06d7784f1a486478673512041c2671157bd382806e2aedcf",
  "darwin-arm64": "0aad5fb52b88498885290178adc0bcfe429bc63012621af9f83282eb640bd9c7",
};

/** [1, 26, 0] from "go1.26" or "1.26.0". */
export const parseVersion = (text: string): number[] | undefined => {
  const match = /^(?:go)?(\d+)\.(\d+)(?:\.(\d+))?/.exec(text);
  return match ? [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)] : undefined;
};

export const isAtLeast = (have: number[], need: number[]): boolean => {
  for (const [i, n] of need.entries()) {
    const h = have[i] ?? 0;
    if (h !== n) return h > n;
  }
  return true;
};

/** Path of a Go that can build native/; also makes sure that the patched engine exists. */
export const findGo = async (): Promise<string> => {
  const go = await newEnoughGo();
  await ensureEngine(go, goEnvironment({ CGO_ENABLED: "0" }));
  return go;
};

/** A Go of at least go.mod's version: the one on PATH, otherwise one downloaded into .cache/ once. */
const newEnoughGo = async (): Promise<string> => {
  const need = parseVersion(/^go (\S+)$/m.exec(readFileSync(at("native/go.mod"), "utf8"))?.[1] ?? "");
  if (!need) throw new Trouble("native/go.mod names no Go version");
  const onPath = spawnSync("go", ["env", "GOVERSION"], { encoding: "utf8", env: goEnvironment() });
  const have = onPath.status === 0 ? parseVersion(onPath.stdout.trim()) : undefined;
  return have && isAtLeast(have, need) ? "go" : await fetchedGo();
};

/** Environment for running Go. Prevents it from downloading a toolchain or using another workspace because of the host's settings. */
export const goEnvironment = (extra: Record<string, string> = {}): NodeJS.ProcessEnv => ({
  ...process.env,
  GOTOOLCHAIN: "local",
  GOFLAGS: "-buildvcs=false",
  GOWORK: "",
  ...extra,
});

const fetchedGo = async (): Promise<string> => {
  const home = at(".cache", `go${pinned}`);
  const go = join(home, "bin", "go");
  if (existsSync(go)) return go;
  const platform = `${process.platform}-${process.arch === "x64" ? "amd64" : process.arch}`;
  const expected = archives[platform];
  if (!expected)
    throw new Trouble(`Go ${pinned} or newer is needed and there is none to fetch for ${platform}: please install it`);
  return locked("go", async () => {
    if (existsSync(go)) return go;
    const start = performance.now();
    say(`no Go that is new enough on PATH: fetching Go ${pinned} into .cache/`);
    const name = `v0.0.1-go${pinned}.${platform}`;
    const archive = at(".cache", `${name}.zip`);
    await download(`${proxy()}/golang.org/toolchain/@v/${name}.zip`, archive, expected);
    const fresh = `${home}.new`;
    rmSync(fresh, { recursive: true, force: true });
    // The archive has no file modes.
    const isProgram = (path: string): boolean => path.startsWith("bin/") || path.startsWith("pkg/tool/");
    unzip(archive, fresh, `golang.org/toolchain@${name}/`, (path) => (isProgram(path) ? 0o755 : 0o644));
    restoreModuleFiles(fresh);
    renameSync(fresh, home);
    rmSync(archive);
    execFileSync(go, ["version"], { env: goEnvironment() });
    say(`Go ${pinned} is ready after ${duration(performance.now() - start)}`);
    return go;
  });
};

/** A module archive must not contain further go.mod files, so the toolchain's are named _go.mod in it. */
const restoreModuleFiles = (home: string): void => {
  for (const entry of readdirSync(home, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && basename(entry.name) === "_go.mod") {
      renameSync(join(entry.parentPath, entry.name), join(entry.parentPath, "go.mod"));
    }
  }
};

/** The first URL in GOPROXY, or Go's default. */
const proxy = (): string => {
  const listed = (process.env.GOPROXY ?? "").split(/[,|]/).find((entry) => /^https?:/.test(entry));
  return (listed ?? "https://proxy.golang.org").replace(/\/$/, "");
};
