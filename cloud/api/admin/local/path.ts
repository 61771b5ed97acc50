import { closeSync, openSync } from "node:fs";
import { join } from "node:path";

const socketName = "admin.sock";
/** Bytes that a socket's path may have; the system's limit is 104 or 108. */
const maxPathBytes = 100;

/**
 * The administrators' socket in a data directory. Where the path is too long for the system, it is reached through an open
 * descriptor of the directory; `close` gives that back.
 */
export function localPath(directory: string): { path: string; close: () => void } {
  const path = join(directory, socketName);
  if (Buffer.byteLength(path) <= maxPathBytes || process.platform !== "linux") return { path, close: () => {} };
  const descriptor = openSync(directory, "r");
  return { path: `/proc/self/fd/${descriptor}/${socketName}`, close: () => closeSync(descriptor) };
}
