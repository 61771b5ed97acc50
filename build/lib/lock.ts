import { mkdirSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import Database from "better-sqlite3";
import { at } from "./root.ts";
import { say } from "./say.ts";

/** ms between two looks at a lock that somebody else holds. */
const patience = 200;

/**
 * Runs `body` while nobody else on this machine runs under the same name for this checkout. The lock is the operating
 * system's (an exclusive SQLite transaction), so that a killed build leaves none behind.
 */
export const locked = async <T>(name: string, body: () => Promise<T>): Promise<T> => {
  mkdirSync(at(".cache"), { recursive: true });
  const database = new Database(at(".cache", `${name}.lock`), { timeout: 0 });
  try {
    for (let told = false; !tryLock(database); told = true) {
      if (!told) say(`${name}: another build is running, waiting for it`);
      await delay(patience);
    }
    return await body();
  } finally {
    database.close();
  }
};

const tryLock = (database: Database.Database): boolean => {
  try {
    database.exec("BEGIN EXCLUSIVE");
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === "SQLITE_BUSY") return false;
    throw error;
  }
};
