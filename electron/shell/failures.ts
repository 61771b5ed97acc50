/** Logs an uncaught error; gets no secrets. */
export type NoteFailure = (what: string, stack: string) => void;

/**
 * Keeps the app running after an uncaught error, because one failed listener must not end the window, the tray and
 * other intranets. Such an error is a bug, so it is logged with its stack.
 */
export function goOnAfterFailures(note: NoteFailure): void {
  const noted = (what: string) => (error: unknown) =>
    note(what, error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.on("uncaughtException", noted("an exception that nothing caught"));
  process.on("unhandledRejection", noted("a failure that nothing waited for"));
}
