#!/usr/bin/env node
import { join } from "node:path";
import { cacheDir } from "../core/host/home.ts";
import { enableCodeCache } from "./code-cache.ts";

// In the user's own directory, because every user can write to the temporary one.
enableCodeCache(join(cacheDir(), "code"));

const { leave, runProgram } = await import("./program.ts");
let lost: NodeJS.ErrnoException | undefined;
process.stdout.on("error", (error) => {
  lost ??= error;
});
const code = await runProgram(process.argv.slice(2));
// Exits explicitly, because an idle keep-alive connection would otherwise delay the end of the process.
const written = await new Promise<Error | null | undefined>((resolve) => process.stdout.write("", resolve));
const trouble = lost ?? written;
// Loaded only here, because it is seldom needed.
leave(code === 0 && trouble ? (await import("./output-lost.ts")).outputLost(trouble) : code);
