import type { Log } from "./base/log.ts";

/**
 * Keeps a server going when something fails that nothing else caught: one request or one timer must not end it for everybody. Such
 * a failure is a bug, so it is logged with its stack.
 */
export function goOnAfterFailures(log: Log): void {
  const noted = (what: string) => (error: unknown) =>
    log("error", what, { error: error instanceof Error ? error.stack : String(error) });
  process.on("uncaughtException", noted("an exception that nothing caught"));
  process.on("unhandledRejection", noted("a failure that nothing waited for"));
}

/** A reader of the log that went away is no reason to fail; writing about it would only fail again. */
export function tolerateClosedErrors(): void {
  process.stderr.on("error", () => {});
}
