import { statfsSync } from "node:fs";
import { Refusal } from "../base/cause.ts";
import { say } from "../base/say.ts";

/** SQLite's primary result codes (https://www.sqlite.org/rescode.html). */
const sqlite = {
  busy: 5,
  readonly: 8,
  ioError: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  constraint: 19,
  noDatabase: 26,
};

interface Coded {
  code: string;
  errcode: number;
}

function codeOf(error: unknown): string {
  const code = error instanceof Error ? (error as Partial<Coded>).code : undefined;
  return typeof code === "string" ? code : "";
}

/** The primary result code of an error of node:sqlite; undefined for any other error. */
function sqliteCodeOf(error: unknown): number | undefined {
  if (codeOf(error) !== "ERR_SQLITE_ERROR") return undefined;
  // `errcode` is the extended result code; its low byte is the primary one.
  return (error as Coded).errcode & 0xff;
}

/**
 * The refusal for a storage error of SQLite or the file system that an administrator can fix, such as a full disk or a read-only
 * directory. undefined = another error.
 */
export function storageRefusal(error: unknown, directory: string): Refusal | undefined {
  const code = codeOf(error);
  const full = () => new Refusal("storage_full", say("storage_full", { path: directory }));
  const readonly = () => new Refusal("storage_readonly", say("storage_readonly", { path: directory }));
  if (code === "ENOSPC" || code === "EDQUOT") return full();
  if (code === "EROFS" || code === "EACCES" || code === "EPERM") return readonly();
  switch (sqliteCodeOf(error)) {
    case sqlite.full:
      return full();
    case sqlite.readonly:
      return readonly();
    // On a full disk SQLite may report only "I/O error" or "cannot open", so check the free space.
    case sqlite.ioError:
      return hasNoRoom(directory) ? full() : undefined;
    case sqlite.cannotOpen:
      return hasNoRoom(directory) ? full() : readonly();
    case sqlite.corrupt:
    case sqlite.noDatabase:
      return new Refusal("storage_damaged", say("storage_damaged", { path: directory }));
    default:
      return undefined;
  }
}

function hasNoRoom(directory: string): boolean {
  try {
    const room = statfsSync(directory);
    return room.bavail * room.bsize < 65_536;
  } catch {
    return false;
  }
}

/** Whether a constraint was violated. */
export function isConflict(error: unknown): boolean {
  return sqliteCodeOf(error) === sqlite.constraint;
}

/** Whether another connection has the lock. */
export function isBusy(error: unknown): boolean {
  return sqliteCodeOf(error) === sqlite.busy;
}
