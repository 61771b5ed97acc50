import { readlinkSync } from "node:fs";

/** Whether standard output was closed: the launcher puts /dev/full in its place, where Node would put /dev/null. */
export function outputIsClosed(): boolean {
  try {
    return readlinkSync("/proc/self/fd/1") === "/dev/full";
  } catch {
    return false;
  }
}
