import { statfsSync } from "node:fs";
import { Refusal } from "../base/cause.ts";

interface Coded {
  code: string;
}

function codeOf(error: unknown): string {
  return error instanceof Error && typeof (error as Partial<Coded>).code === "string"
    ? (error as unknown as Coded).code
    : "";
}

/**
 * Tells storage failures of SQLite and of the file system apart from errors of ours: a full disk and a read-only directory are
 * an administrator's business and have causes of their own. undefined = something else.
 */
export function storageRefusal(error: unknown, directory: string): Refusal | undefined {
  const code = codeOf(error);
  const full = () => new Refusal("storage_full", `There is no space left in ${directory}.`);
  const readonly = () => new Refusal("storage_readonly", `${directory} cannot be written to.`);
  if (code === "SQLITE_FULL" || code === "ENOSPC" || code === "EDQUOT") return full();
  if (code.startsWith("SQLITE_READONLY") || code === "EROFS" || code === "EACCES" || code === "EPERM")
    return readonly();
  // SQLite says only "I/O error" or "cannot open" where a write, a shared-memory page or a journal found no room.
  if (code.startsWith("SQLITE_IOERR") || code.startsWith("SQLITE_CANTOPEN")) {
    if (hasNoRoom(directory)) return full();
    if (code.startsWith("SQLITE_CANTOPEN")) return readonly();
  }
  return undefined;
}

function hasNoRoom(directory: string): boolean {
  try {
    const room = statfsSync(directory);
    return room.bavail * room.bsize < 65_536;
  } catch {
    return false;
  }
}

/** A unique constraint said no. */
export function isConflict(error: unknown): boolean {
  return codeOf(error).startsWith("SQLITE_CONSTRAINT");
}
