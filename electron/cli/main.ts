#!/usr/bin/env node
import { join } from "node:path";
import { cacheDir } from "../core/host/home.ts";
import { enableCodeCache } from "./code-cache.ts";

// In this user's own directory: anybody can write to the temporary one.
enableCodeCache(join(cacheDir(), "code"));

const { leave, runProgram } = await import("./program.ts");
let lost: NodeJS.ErrnoException | undefined;
process.stdout.on("error", (error) => {
  lost ??= error;
});
const code = await runProgram(process.argv.slice(2));
// Not left to the event loop: an idle connection must not keep a finished command waiting.
const written = await new Promise<Error | null | undefined>((resolve) => process.stdout.write("", resolve));
const trouble = lost ?? written;
// Loaded only when it is needed, which is seldom.
leave(code === 0 && trouble ? (await import("./output-lost.ts")).outputLost(trouble) : code);
