import type { Context } from "./context.ts";

/**
 * Runs what follows a commit, in order. The change is on the disk and cannot be taken back: so an effect that fails is logged,
 * keeps none of the others from running, and does not turn the change into a failure.
 */
export async function runEffects({ log }: Pick<Context, "log">, ...effects: readonly (() => unknown)[]): Promise<void> {
  for (const effect of effects) {
    try {
      await effect();
    } catch (error) {
      const stack = error instanceof Error ? error.stack : String(error);
      log("error", "a change is stored, but something that follows it failed", { error: stack });
    }
  }
}
