import type { Log } from "./base/log.ts";

/**
 * Logs uncaught exceptions and unhandled rejections with their stacks and keeps the process running, so that a bug in one
 * request or timer does not stop the server for everybody.
 */
export function goOnAfterFailures(log: Log): void {
  const noted = (what: string) => (error: unknown) =>
    log("error", what, { error: error instanceof Error ? error.stack : String(error) });
  process.on("uncaughtException", noted("an exception that nothing caught"));
  process.on("unhandledRejection", noted("a failure that nothing waited for"));
}

/** Ignores errors of stderr, such as EPIPE: a log reader that has exited must not end the process. */
export function tolerateClosedErrors(): void {
  process.stderr.on("error", () => {});
}
