import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from "node:sqlite";
import type { SqliteDatabase, SqliteStatement } from "kysely";

/** How many prepared statements are kept. Queries with lists of values have no bounded number of texts. */
const statementCacheSize = 500;

/** ms to wait for a lock that another connection holds. */
const busyTimeout = 5000;

/** Opens `file` with Node's own SQLite, so that an installation compiles and downloads nothing. */
export function openDatabase(file: string): DatabaseSync {
  return new DatabaseSync(file, { timeout: busyTimeout, enableForeignKeyConstraints: true });
}

const noStatement: SqliteStatement = {
  reader: false,
  all: () => [],
  run: () => ({ changes: 0, lastInsertRowid: 0 }),
  iterate: () => [][Symbol.iterator](),
};

/** What Kysely's SqliteDialect needs, on top of node:sqlite. Each statement is prepared once: the dial path repeats a few. */
export function kyselyDatabase(database: DatabaseSync): SqliteDatabase {
  const cache = new Map<string, SqliteStatement>();
  return {
    close: () => {
      cache.clear();
      database.close();
    },
    prepare(sql: string): SqliteStatement {
      // A full disk ends the transaction by itself; the error of another rollback would hide the first one.
      if (sql === "rollback" && !database.isTransaction) return noStatement;
      // A changed table changes what a kept statement returns.
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
  // Rows as arrays, made into plain objects here: node:sqlite's own objects have no prototype, and making them takes longer.
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
