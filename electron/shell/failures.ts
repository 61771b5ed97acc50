/** Writes down what nothing caught; never given anything secret. */
export type NoteFailure = (what: string, stack: string) => void;

/**
 * Keeps the app going when something fails that nothing else caught: a window, a tray and other intranets must not end with one
 * listener. Such a failure is a bug, so it is logged with its stack.
 */
export function goOnAfterFailures(note: NoteFailure): void {
  const noted = (what: string) => (error: unknown) =>
    note(what, error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.on("uncaughtException", noted("an exception that nothing caught"));
  process.on("unhandledRejection", noted("a failure that nothing waited for"));
}
