import type { Command } from "commander";
import type { Ask } from "./connection.ts";
import type { Shown } from "./table.ts";

/** What a command needs to do its work. */
export interface Tools {
  ask: Ask;
  /** JSON was asked for. */
  json: boolean;
  /** Prints the result: JSON under --json, else what `words` makes of it. `once`: what to do when a result is lost that is shown this once. */
  print<T>(result: unknown, words: (result: T) => Shown, once?: string): void;
}

/** Adds verbs of one object to the program. `tools` is called when a verb runs, since options are known only then. */
export type Verbs = (program: Command, tools: () => Tools) => void;
