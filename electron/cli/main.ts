#!/usr/bin/env node
import { runProgram } from "./program.ts";

// Not left to the event loop: an idle connection must not keep a finished command waiting.
process.exitCode = await runProgram(process.argv.slice(2));
process.stdout.write("", () => process.exit());
