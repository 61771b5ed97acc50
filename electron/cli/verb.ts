import type { Context } from "./context.ts";

/**
 * Runs a verb and returns the exit code. Each verb is loaded only when called, so that the others do not slow it
 * down.
 */
export type Verb<Args extends unknown[], Flags> = (context: Context, flags: Flags, ...args: Args) => Promise<number>;

/** Binds a verb to a command. Commander passes the arguments, then the flags, then the command. */
export type Call = <Args extends unknown[], Flags>(
  load: () => Promise<Verb<Args, Flags>>,
) => (...given: unknown[]) => Promise<void>;
