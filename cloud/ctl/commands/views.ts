import type { Command } from "../../admin/command.ts";

/** What a command answers. */
export type Answered<C> = C extends Command<infer _I, infer O> ? O : never;

/** One object of the list that a command answers. */
export type One<C> =
  Answered<C> extends readonly (infer V)[] ? V : Answered<C> extends { rows: readonly (infer V)[] } ? V : never;
