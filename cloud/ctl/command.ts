import type { Command } from "commander";
import type { Ask } from "./connection.ts";
import type { Shown } from "./table.ts";

/** What a verb needs to run. */
export interface Tools {
  ask: Ask;
  /** Whether --json was given. */
  json: boolean;
  /**
   * Prints the result, as JSON with --json, otherwise as formatted by `words`. `once` is for output that is shown only once: it says
   * what to do if it is lost.
   */
  print<T>(result: unknown, words: (result: T) => Shown, once?: string): void;
}

/** Adds the verbs of one object to the program. Call `tools` only when a verb runs, because the options are parsed then. */
export type Verbs = (program: Command, tools: () => Tools) => void;
