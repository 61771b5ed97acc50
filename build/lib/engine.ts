import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { locked } from "./lock.ts";
import { at, root } from "./root.ts";
import { run } from "./run.ts";
import { isFresh, sealAll, writeStamp } from "./stamp.ts";

const modules = ["golang.zx2c4.com/wireguard", "gvisor.dev/gvisor"];
const folder = ".cache/engine";
/** Go finds a workspace file by itself from every folder of native/, so a plain `go test` there uses the patched modules as well. */
const workspace = "native/go.work";
const tool = "native/tools/engine";
const stampFile = at(".cache/engine/stamp");

/**
 * Creates the patched modules (the pinned wireguard-go and gVisor, patched by native/tools/engine) and the Go workspace file that selects
 * them, unless they are up to date.
 */
export const ensureEngine = async (go: string, env: NodeJS.ProcessEnv): Promise<void> => {
  if (isFresh(stampFile, recipe())) return;
  await locked("engine", async () => {
    const wanted = recipe();
    if (isFresh(stampFile, wanted)) return;
    const inputs = sealAll(sources());
    await run(go, ["run", ".", "-go", go, "-to", at(folder), "-workspace", at(workspace)], {
      cwd: at(tool),
      env: { ...env, GOWORK: "off" },
    });
    writeStamp(stampFile, wanted, inputs, [`${folder}/wireguard/go.mod`, `${folder}/gvisor/go.mod`, workspace]);
  });
};

/** The pinned versions, and the names of the tool's files. */
const recipe = (): string => JSON.stringify([...pinned(), sources()]);

const pinned = (): string[] =>
  readFileSync(at("native/go.mod"), "utf8")
    .split("\n")
    .filter((line) => modules.some((module) => line.trim().startsWith(`${module} `)));

const sources = (): string[] =>
  existsSync(at(tool))
    ? readdirSync(at(tool), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => relative(root, join(entry.parentPath, entry.name)))
        .sort()
    : [];
