import type { Command } from "../../admin/command.ts";

/** Result type of a command. */
export type Answered<C> = C extends Command<infer _I, infer O> ? O : never;

/** Element type of the list that a command returns. */
export type One<C> =
  Answered<C> extends readonly (infer V)[] ? V : Answered<C> extends { rows: readonly (infer V)[] } ? V : never;
