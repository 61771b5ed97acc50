import type { Command } from "commander";
import type { Ask } from "./connection.ts";

/** What a command needs to do its work. */
export interface Tools {
  ask: Ask;
  /** Prints the result: JSON under --json, else what `words` makes of it. */
  print<T>(result: unknown, words: (result: T) => string): void;
}

/** Adds verbs of one object to the program. `tools` is called when a verb runs, since options are known only then. */
export type Verbs = (program: Command, tools: () => Tools) => void;
