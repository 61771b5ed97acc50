import type { Context } from "./context.ts";

/** What a verb does and answers: the exit code. Loaded only when it is called, so that no verb pays for another. */
export type Verb<Args extends unknown[], Flags> = (context: Context, flags: Flags, ...args: Args) => Promise<number>;

/** Binds a verb to a command; commander passes arguments, then flags, then the command. */
export type Call = <Args extends unknown[], Flags>(
  load: () => Promise<Verb<Args, Flags>>,
) => (...given: unknown[]) => Promise<void>;
