import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Kysely, SqliteDialect, sql } from "kysely";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Refusal } from "../base/cause.ts";
import { foreign } from "../base/say.ts";
import { isBusy, isConflict, storageRefusal } from "./failures.ts";
import { kyselyDatabase, openDatabase } from "./sqlite.ts";

interface Schema {
  thing: { id: number; name: string | null; value: Uint8Array | null };
}

let directory = "";
let database: DatabaseSync;
let store: Kysely<Schema>;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "sag-sqlite-"));
  database = openDatabase(join(directory, "a.db"));
  store = new Kysely<Schema>({ dialect: new SqliteDialect({ database: kyselyDatabase(database) }) });
  await sql`create table thing (id integer primary key, name text unique, value blob) strict`.execute(store);
});
afterEach(async () => {
  await store.destroy();
  rmSync(directory, { recursive: true });
});

const failure = (work: Promise<unknown>): Promise<unknown> => work.catch((error: unknown) => error);

test("returns values unchanged, in plain objects", async () => {
  const value = new Uint8Array([0, 255, 7]);
  await store
    .insertInto("thing")
    .values({ id: 2 ** 40, name: "ä", value })
    .execute();
  await store.insertInto("thing").values({ id: 2, name: null, value: null }).execute();
  const rows = await store.selectFrom("thing").selectAll().orderBy("id").execute();
  expect(rows).toStrictEqual([
    { id: 2, name: null, value: null },
    { id: 2 ** 40, name: "ä", value },
  ]);
});

test("counts changes, and supports RETURNING and streaming", async () => {
  const added = await store.insertInto("thing").values({ id: 1, name: "a", value: null }).executeTakeFirstOrThrow();
  expect([added.insertId, added.numInsertedOrUpdatedRows]).toEqual([1n, 1n]);
  const changed = await store.updateTable("thing").set({ name: "b" }).returning("name").execute();
  expect(changed).toStrictEqual([{ name: "b" }]);
  const gone = await store.deleteFrom("thing").where("id", "=", 9).executeTakeFirstOrThrow();
  expect(gone.numDeletedRows).toBe(0n);
  const streamed: object[] = [];
  for await (const row of store.selectFrom("thing").select("id").stream()) streamed.push(row);
  expect(streamed).toStrictEqual([{ id: 1 }]);
});

test("a cached statement sees a changed table", async () => {
  await store.insertInto("thing").values({ id: 1, name: "a", value: null }).execute();
  const all = () => store.selectFrom("thing").selectAll().execute();
  await all();
  await sql`alter table thing drop column value`.execute(store);
  expect(await all()).toStrictEqual([{ id: 1, name: "a" }]);
  await sql`alter table thing add column more text default 'x'`.execute(store);
  expect(await all()).toStrictEqual([{ id: 1, name: "a", more: "x" }]);
});

test("reports a unique constraint as conflict, and a lock of another connection as busy", async () => {
  const add = () => store.insertInto("thing").values({ id: 1, name: "a", value: null }).execute();
  await add();
  expect(isConflict(await failure(add()))).toBe(true);
  const other = new DatabaseSync(join(directory, "a.db"), { timeout: 0 });
  other.exec("begin exclusive");
  database.exec("pragma busy_timeout = 1");
  const refused = await failure(store.selectFrom("thing").selectAll().execute());
  expect([isBusy(refused), isConflict(refused), storageRefusal(refused, directory)]).toEqual([true, false, undefined]);
  other.close();
});

const refusal = (error: unknown): string => storageRefusal(error, directory)?.code ?? String(error);

test("a full disk rolls the transaction back by itself, and is the reported error", async () => {
  database.exec("pragma max_page_count = 4");
  const filling = store.transaction().execute(async (tx) => {
    for (let id = 1; ; id++)
      await tx
        .insertInto("thing")
        .values({ id, name: null, value: new Uint8Array(999) })
        .execute();
  });
  expect(refusal(await failure(filling))).toBe("storage_full");
  expect(await store.selectFrom("thing").selectAll().execute()).toEqual([]);
});

test("reports files that cannot be written or opened", async () => {
  database.exec("pragma query_only = on");
  expect(refusal(await failure(store.deleteFrom("thing").execute()))).toBe("storage_readonly");
  const open = (file: string) => () => openDatabase(join(directory, file)).exec("create table x (y)");
  const thrown = (work: () => void) => {
    try {
      work();
    } catch (error) {
      return error;
    }
  };
  expect(refusal(thrown(open("missing/b.db")))).toBe("storage_readonly");
  writeFileSync(join(directory, "text.db"), "this is not a database, and long enough to be read as one".repeat(20));
  expect(refusal(thrown(open("text.db")))).toBe("storage_damaged");
  expect(storageRefusal(new Refusal("not_found", foreign("x")), directory)).toBeUndefined();
});

test("Node prints no warning about experimental SQLite", () => {
  const program = `new (require("node:sqlite").DatabaseSync)(":memory:").close()`;
  const { stderr, status } = spawnSync(process.execPath, ["-e", program], { encoding: "utf8" });
  expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
});
