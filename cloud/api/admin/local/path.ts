import { closeSync, openSync } from "node:fs";
import { join } from "node:path";

const socketName = "admin.sock";
/** Maximum length of a socket path, bytes; the system's limit is 104 or 108. */
const maxPathBytes = 100;

/**
 * Path of the admin socket in a data directory. A path that is too long for the system goes through /proc/self/fd with an open
 * descriptor of the directory, which `close` closes.
 */
export function localPath(directory: string): { path: string; close: () => void } {
  const path = join(directory, socketName);
  if (Buffer.byteLength(path) <= maxPathBytes || process.platform !== "linux") return { path, close: () => {} };
  const descriptor = openSync(directory, "r");
  return { path: `/proc/self/fd/${descriptor}/${socketName}`, close: () => closeSync(descriptor) };
}
