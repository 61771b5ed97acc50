import { readlinkSync } from "node:fs";

/**
 * Whether standard output was closed at the start. Node.js would open /dev/null in its place, so the launcher opens
 * /dev/full.
 */
export function outputIsClosed(): boolean {
  try {
    return readlinkSync("/proc/self/fd/1") === "/dev/full";
  } catch {
    return false;
  }
}
