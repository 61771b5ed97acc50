import { accessSync, chmodSync, constants, existsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { makeDirectories } from "../../common/directories.ts";
import { Refusal } from "../base/cause.ts";
import { say } from "../base/say.ts";
import { isBusy, storageRefusal } from "./failures.ts";
import { foreignRefusal } from "./foreign.ts";
import { finishSwitch, removeLeftovers } from "./switch.ts";

/**
 * Creates the data directory (0700) and locks it for this process. The lock is SQLite's exclusive lock on an empty file, which the
 * operating system releases whenever the process ends. Also completes or removes an interrupted restore. Returns the function that
 * unlocks the directory.
 */
export function lockDirectory(directory: string): () => void {
  let database: DatabaseSync | undefined;
  try {
    if (!existsSync(directory)) {
      // Check the permission first: creating several levels at once reports "no such file" instead of "read-only".
      accessSync(nearest(directory), constants.W_OK);
      makeDirectories(directory, 0o700);
    }
    // Check before changing anything: it may be a home directory or a checkout.
    const foreign = foreignRefusal(directory);
    if (foreign) throw foreign;
    chmodSync(directory, 0o700);
    const file = join(directory, "lock");
    // Distinguishes "not writable" from "locked", which SQLite does not.
    writeFileSync(file, "", { flag: "a", mode: 0o600 });
    database = new DatabaseSync(file, { timeout: 0 });
    database.exec("begin exclusive");
    // Complete an interrupted restore before anything reads the data.
    finishSwitch(directory);
    removeLeftovers(directory);
  } catch (error) {
    database?.close();
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (isBusy(error)) {
      throw new Refusal("data_directory_in_use", say("storage_in_use", { path: directory }));
    }
    if (["ENOTDIR", "EEXIST", "ELOOP", "ENOENT"].includes(code)) {
      throw new Refusal("not_a_real_path", say("storage_not_a_directory", { path: directory }));
    }
    throw storageRefusal(error, directory) ?? error;
  }
  const held = database;
  return () => held.close();
}

/** The closest existing parent directory. */
function nearest(directory: string): string {
  const parent = dirname(directory);
  return existsSync(parent) || parent === directory ? parent : nearest(parent);
}
