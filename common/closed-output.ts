import { readFileSync, readlinkSync } from "node:fs";

/** Open for reading and writing (open(2)): a shell's `>` opens a file for writing only. */
const readWrite = 0o2;

/**
 * Whether standard output was closed at the start. Node.js would open /dev/null in its place, so the launcher opens
 * /dev/full for reading and writing.
 */
export function outputIsClosed(): boolean {
  try {
    const [, flags = "0"] = /^flags:\s*([0-7]+)/m.exec(readFileSync("/proc/self/fdinfo/1", "utf8")) ?? [];
    return readlinkSync("/proc/self/fd/1") === "/dev/full" && (Number.parseInt(flags, 8) & 0o3) === readWrite;
  } catch {
    return false;
  }
}
