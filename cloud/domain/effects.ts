import type { Context } from "./context.ts";

/**
 * Runs the actions that follow a commit, in order. The change can no longer be rolled back, so a failing action is logged and does not
 * stop the others or fail the request.
 */
export async function runEffects({ log }: Pick<Context, "log">, ...effects: readonly (() => unknown)[]): Promise<void> {
  for (const effect of effects) {
    try {
      await effect();
    } catch (error) {
      const stack = error instanceof Error ? error.stack : String(error);
      log("error", "the change was committed, but a follow-up action failed", { error: stack });
    }
  }
}
