import type { z } from "zod";
import type { Context } from "../../domain/context.ts";
import type { AdminApi } from "./rpc/service.ts";

/** What an operation may use besides its parameters. */
export interface AdminCall {
  context: Context;
  /** Who asks, for the audit. */
  actor: string;
  /** What goes into enrolment links. */
  server: { url: string; pins: string[] };
  /** The product's own operations. */
  admin: AdminApi;
}

/** One thing an administrator can do: its name, what it takes, and what it does. */
export interface Operation {
  name: string;
  run(call: AdminCall, parameters: unknown): Promise<unknown>;
}

export function operation<S extends z.ZodType>(
  name: string,
  parameters: S,
  run: (call: AdminCall, parameters: z.infer<S>) => Promise<unknown>,
): Operation {
  return { name, run: (call, given) => run(call, parameters.parse(given)) };
}
