#!/usr/bin/env node
import { enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";

// What was compiled once need not be again. In this user's own directory: anybody can write to the temporary one.
const { HOME, XDG_CACHE_HOME } = process.env;
const caches = XDG_CACHE_HOME?.startsWith("/") ? XDG_CACHE_HOME : join(HOME || homedir(), ".cache");
enableCompileCache(join(caches, "sag", "code"));

const [{ runProgram }, { leave }] = await Promise.all([import("./program.ts"), import("./leave.ts")]);
const code = await runProgram(process.argv.slice(2));
// Not left to the event loop: an idle connection must not keep a finished command waiting.
process.stdout.write("", () => leave(code));
