/**
 * Resolves when a write to standard output fails because nothing reads it any more (`| head`), or when the signal is
 * aborted. Node.js does not watch a pipe that it only writes to, so the end of a reader is noticed at the next write.
 */
export function untilUnread(signal: AbortSignal): Promise<void> {
  if (signal.aborted || process.stdout.errored) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      process.stdout.off("error", end);
      signal.removeEventListener("abort", end);
      resolve();
    };
    process.stdout.once("error", end);
    signal.addEventListener("abort", end, { once: true });
  });
}
