import { run } from "../command-line.ts";
import { makeProgram } from "./program.ts";

const json = process.argv.includes("--json");

await run(makeProgram(json), json);
