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
 * Makes the data directory (0700) and takes it for this process. The lock is the operating system's (SQLite holds an exclusive
 * one on an empty file), so it is gone with the process however that ends. A restore that was interrupted is finished or undone.
 * Returns what gives the directory back.
 */
export function lockDirectory(directory: string): () => void {
  let database: DatabaseSync | undefined;
  try {
    if (!existsSync(directory)) {
      // Asked first: making several levels at once says "no such file" where "read-only" is meant.
      accessSync(nearest(directory), constants.W_OK);
      makeDirectories(directory, 0o700);
    }
    // Before anything is changed there: it may be a home directory, or a checkout.
    const foreign = foreignRefusal(directory);
    if (foreign) throw foreign;
    chmodSync(directory, 0o700);
    const file = join(directory, "lock");
    // Tells "cannot be written" from "is locked" before SQLite mixes them.
    writeFileSync(file, "", { flag: "a", mode: 0o600 });
    database = new DatabaseSync(file, { timeout: 0 });
    database.exec("begin exclusive");
    // A restore that was interrupted: before anybody reads what is there.
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

/** The closest folder above that exists. */
function nearest(directory: string): string {
  const parent = dirname(directory);
  return existsSync(parent) || parent === directory ? parent : nearest(parent);
}
