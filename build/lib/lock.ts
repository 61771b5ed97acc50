import { mkdirSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { at } from "./root.ts";
import { say } from "./say.ts";

/** Interval of attempts to take the lock, ms. */
const patience = 200;

/** SQLite's result code for "another connection holds the lock". */
const sqliteBusy = 5;

/**
 * Runs `body` while no other process on this host holds the lock `name` of this checkout. The lock is an exclusive SQLite transaction,
 * which the operating system releases if a build is killed.
 */
export const locked = async <T>(name: string, body: () => Promise<T>): Promise<T> => {
  mkdirSync(at(".cache"), { recursive: true });
  const database = new DatabaseSync(at(".cache", `${name}.lock`), { timeout: 0 });
  try {
    for (let reported = false; !tryLock(database); reported = true) {
      if (!reported) say(`${name}: another build is running, waiting for it`);
      await delay(patience);
    }
    return await body();
  } finally {
    database.close();
  }
};

const tryLock = (database: DatabaseSync): boolean => {
  try {
    database.exec("BEGIN EXCLUSIVE");
    return true;
  } catch (error) {
    if ((error as { errcode?: number }).errcode === sqliteBusy) return false;
    throw error;
  }
};
