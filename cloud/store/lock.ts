import { accessSync, chmodSync, constants, existsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import Database from "better-sqlite3";
import { makeDirectories } from "../../electron/core/directories.ts";
import { Refusal } from "../base/cause.ts";
import { storageRefusal } from "./failures.ts";

/**
 * Makes the data directory (0700) and takes it for this process. The lock is the operating system's (SQLite holds an exclusive
 * one on an empty file), so it is gone with the process however that ends. Returns what gives it back.
 */
export function lockDirectory(directory: string): () => void {
  let database: Database.Database | undefined;
  try {
    if (!existsSync(directory)) {
      // Asked first: making several levels at once says "no such file" where "read-only" is meant.
      accessSync(nearest(directory), constants.W_OK);
      makeDirectories(directory, 0o700);
    }
    chmodSync(directory, 0o700);
    const file = join(directory, "lock");
    // Tells "cannot be written" from "is locked" before SQLite mixes them.
    writeFileSync(file, "", { flag: "a", mode: 0o600 });
    database = new Database(file, { timeout: 0 });
    database.exec("begin exclusive");
  } catch (error) {
    database?.close();
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (code.startsWith("SQLITE_BUSY")) {
      throw new Refusal("data_directory_in_use", `Another process is using ${directory}.`);
    }
    if (["ENOTDIR", "EEXIST", "ELOOP", "ENOENT"].includes(code)) {
      throw new Refusal("not_a_real_path", `${directory} is not a directory, and none can be made there.`);
    }
    throw storageRefusal(error, directory) ?? error;
  }
  const held = database;
  return () => held.close();
}

/** The closest folder above that exists. */
function nearest(directory: string): string {
  const parent = dirname(directory);
  return existsSync(parent) || parent === directory ? parent : nearest(parent);
}
