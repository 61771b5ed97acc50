import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from "node:sqlite";
import type { SqliteDatabase, SqliteStatement } from "kysely";

/** Maximum number of cached statements; queries with lists of values have unboundedly many texts. */
const statementCacheSize = 500;

/** How long to wait for a lock of another connection, ms. */
const busyTimeout = 5000;

/** Opens `file` with Node's built-in SQLite, so that no native module has to be compiled or downloaded. */
export function openDatabase(file: string): DatabaseSync {
  return new DatabaseSync(file, { timeout: busyTimeout, enableForeignKeyConstraints: true });
}

const noStatement: SqliteStatement = {
  reader: false,
  all: () => [],
  run: () => ({ changes: 0, lastInsertRowid: 0 }),
  iterate: () => [][Symbol.iterator](),
};

/** Adapts node:sqlite to Kysely's SqliteDialect. Caches prepared statements, because the Dial path repeats a few of them. */
export function kyselyDatabase(database: DatabaseSync): SqliteDatabase {
  const cache = new Map<string, SqliteStatement>();
  return {
    close: () => {
      cache.clear();
      database.close();
    },
    prepare(sql: string): SqliteStatement {
      // On a full disk SQLite rolls the transaction back by itself; an error from another rollback would hide the original one.
      if (sql === "rollback" && !database.isTransaction) return noStatement;
      // After a schema change, cached statements would return outdated columns.
      if (/^\s*(alter|create|drop)\b/i.test(sql)) {
        cache.clear();
        return adapt(database.prepare(sql));
      }
      let statement = cache.get(sql);
      if (!statement) {
        statement = adapt(database.prepare(sql));
        if (cache.size < statementCacheSize) cache.set(sql, statement);
      }
      return statement;
    },
  };
}

function adapt(statement: StatementSync): SqliteStatement {
  const names = statement.columns().map(({ name }) => name);
  // Build plain objects from arrays: node:sqlite's row objects have no prototype and are slower to create.
  statement.setReturnArrays(true);
  const named = (row: unknown) => {
    const values = row as SQLOutputValue[];
    const object: Record<string, SQLOutputValue | undefined> = {};
    for (let i = 0; i < names.length; i++) object[`${names[i]}`] = values[i];
    return object;
  };
  return {
    reader: names.length > 0,
    all: (values) => statement.all(...bindable(values)).map(named),
    run: (values) => statement.run(...bindable(values)),
    *iterate(values) {
      for (const row of statement.iterate(...bindable(values))) yield named(row);
    },
  };
}

const bindable = (values: readonly unknown[]): SQLInputValue[] => values as SQLInputValue[];
