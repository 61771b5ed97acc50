import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writeDocuments } from "./documents.ts";
import { findGo, goEnvironment } from "./lib/go.ts";
import { locked } from "./lib/lock.ts";
import { at, root } from "./lib/root.ts";
import { run } from "./lib/run.ts";
import { main, say, Trouble } from "./lib/say.ts";
import { isFresh, writeStamp } from "./lib/stamp.ts";
import { generateTexts } from "./texts.ts";

/** Generated from proto/ and committed, so that a checkout builds without the generators. */
const generated = ["proto/gen", "native/gen"];

const tools = at(".cache/bin");

/** Generates the TypeScript and Go code of the API contracts, the Go code of the text files, and the documents made from code. */
export const generate = async (): Promise<void> => {
  await installTools();
  await buf(["lint"]);
  await buf(["generate"]);
  generateTexts();
  writeDocuments();
};

/**
 * Lints the contracts, checks them for breaking changes since the last release, and compares the committed generated code with newly
 * generated code.
 */
export const check = async (): Promise<void> => {
  await installTools();
  await buf(["lint"]);
  await breaking();
  const scratch = mkdtempSync(join(tmpdir(), "sag-generate-"));
  try {
    cpSync(at("proto"), join(scratch, "proto"), { recursive: true, filter: (path) => path !== at("proto/gen") });
    await buf(["generate"], join(scratch, "proto"));
    for (const folder of generated) {
      const difference = spawnSync("diff", ["-rq", at(folder), join(scratch, folder)], { encoding: "utf8" });
      if (difference.status !== 0) {
        throw new Trouble(
          `${folder} is not what proto/ generates: run "npm run generate" and commit it\n${difference.stdout}`,
        );
      }
    }
  } finally {
    rmSync(scratch, { recursive: true });
  }
  say("generate: the generated code is what proto/ generates");
};

/** Checks that the contracts are compatible with the last release. */
const breaking = async (): Promise<void> => {
  const tag = spawnSync("git", ["-C", root, "describe", "--tags", "--abbrev=0", "--match", "v[0-9]*"], {
    encoding: "utf8",
  });
  const release = tag.status === 0 ? tag.stdout.trim() : "";
  if (!release) return say("generate: no release yet, so nothing to be compatible with");
  await buf(["breaking", "--against", `${at(".git")}#tag=${release},subdir=proto`]);
  say(`generate: compatible with ${release}`);
};

const buf = (args: string[], cwd = at("proto")): Promise<void> => {
  const path = [at("node_modules/.bin"), tools, process.env.PATH].join(":");
  return run(at("node_modules/.bin/buf"), args, { cwd, env: { ...process.env, PATH: path } });
};

/** Installs the Go generators, in the versions pinned by go.mod, into .cache/bin. */
const installTools = async (): Promise<void> => {
  const stampFile = at(".cache/tools.stamp");
  const goMod = readFileSync(at("native/go.mod"), "utf8");
  const names = [...goMod.matchAll(/^\t(\S+\/cmd\/protoc-gen-\S+)$/gm)].map((match) => match[1] ?? "");
  const modules = goMod
    .split("\n")
    .filter((line) => /^\t(connectrpc\.com\/connect|google\.golang\.org\/protobuf) v/.test(line));
  const recipe = JSON.stringify([names, modules]);
  const outputs = names.map((name) => `.cache/bin/${name.split("/").at(-1)}`);
  if (isFresh(stampFile, recipe)) return;
  await locked("tools", async () => {
    if (isFresh(stampFile, recipe)) return;
    const go = await findGo();
    mkdirSync(tools, { recursive: true });
    await run(go, ["install", ...names], { cwd: at("native"), env: goEnvironment({ GOBIN: tools, CGO_ENABLED: "0" }) });
    writeStamp(stampFile, recipe, {}, outputs);
  });
};

if (import.meta.main) {
  const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
  await main(values.check ? check : generate);
}
