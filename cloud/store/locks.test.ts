import {
  type Dialect,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  SqliteAdapter,
} from "kysely";
import { expect, test } from "vitest";
import type { Tx } from "./db.ts";
import { lockAccount, lockCode } from "./locks.ts";
import type { Schema } from "./schema.ts";

/** Records the queries that a database of this kind would get. */
function recording(adapter: PostgresAdapter | SqliteAdapter) {
  const asked: string[] = [];
  const dialect: Dialect = {
    createAdapter: () => adapter,
    createDriver: () => new DummyDriver(),
    createIntrospector: (kysely) => new PostgresIntrospector(kysely),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  };
  const db = new Kysely<Schema>({ dialect, log: ({ query }) => void asked.push(query.sql) });
  return { tx: db as unknown as Tx, asked };
}

test("locks rows if transactions run in parallel", async () => {
  const { tx, asked } = recording(new PostgresAdapter());
  await lockAccount(tx, "acc-1");
  await lockCode(tx, "AB12C");
  expect(asked).toEqual([
    'select "id" from "account" where "id" = $1 for update',
    'select "code" from "enterprise_code" where "code" = $1 for update',
  ]);
});

test("sends no lock queries to SQLite, which serialises transactions", async () => {
  const { tx, asked } = recording(new SqliteAdapter());
  await lockAccount(tx, "acc-1");
  expect(asked).toEqual([]);
});
