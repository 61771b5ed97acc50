import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Store } from "./db.ts";
import { isConflict } from "./failures.ts";
import { query, sql } from "./kysely.ts";
import { migrate, openStore } from "./open.ts";
import { closeStore, transaction } from "./transaction.ts";

let directory = "";
let store: Store;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "sag-store-"));
  store = openStore(directory);
});
afterAll(async () => {
  await closeStore(store);
  rmSync(directory, { recursive: true });
});

test("applies migrations once", async () => {
  expect((await migrate(store, directory)).length).toBeGreaterThan(1);
  expect(await migrate(store, directory)).toEqual([]);
});

test("every commit of the main file waits for the disk", async () => {
  const { rows } = await sql<{ synchronous: number }>`pragma main.synchronous`.execute(query(store));
  expect(rows).toEqual([{ synchronous: 2 }]);
});

const session = (change: object) => ({
  id: "a",
  account_id: "acc-1",
  instance_id: "sag-1",
  ccn_id: "ccn-1",
  device_id: "device 1",
  sign_in_id: "x",
  mode: "proxy",
  public_key: new Uint8Array(32),
  token_hash: "a",
  client_ip: "10.0.0.1",
  client_ip6: "fd00::1",
  incarnation: 1,
  chosen_access_point: "",
  started_at: 0,
  renewed_at: 0,
  lease_until: 1,
  ended_at: null,
  ended_cause: null,
  ended_text: null,
  ...change,
});

test("running sessions never share device, address or key; ended ones do not count", async () => {
  await query(store).insertInto("session").values(session({})).execute();
  const other = {
    id: "b",
    token_hash: "b",
    device_id: "device 2",
    client_ip: "10.0.0.2",
    client_ip6: "fd00::2",
    public_key: new Uint8Array(32).fill(1),
  };
  for (const shared of ["device_id", "client_ip", "client_ip6", "public_key"] as const) {
    const row = session({ ...other, [shared]: session({})[shared] });
    const error = await query(store)
      .insertInto("session")
      .values(row)
      .execute()
      .catch((e: unknown) => e);
    expect([shared, isConflict(error)]).toEqual([shared, true]);
  }
  await query(store).updateTable("session").set({ ended_at: 1 }).where("id", "=", "a").execute();
  await query(store)
    .insertInto("session")
    .values(session({ id: "c", token_hash: "c" }))
    .execute();
});

test("a failed transaction changes nothing, and the next one works", async () => {
  const failing = transaction(store, async (tx) => {
    await query(tx).insertInto("setting").values({ name: "half", value: "done" }).execute();
    throw new Error("stop");
  });
  await expect(failing).rejects.toThrow("stop");
  expect(await query(store).selectFrom("setting").select("name").where("name", "=", "half").execute()).toEqual([]);
});
