import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Migrator } from "kysely/migration";
import { expect, onTestFinished, test } from "vitest";
import { query, sql } from "./kysely.ts";
import { migrations } from "./migrations/index.ts";
import { migrate, openStore } from "./open.ts";
import { closeStore } from "./transaction.ts";

test("copies the names of devices to the sessions of earlier versions", async () => {
  const directory = mkdtempSync(join(tmpdir(), "sag-store-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const store = openStore(directory);
  onTestFinished(() => closeStore(store));
  const before = async () =>
    Object.fromEntries(Object.entries(await migrations.getMigrations()).filter(([name]) => name < "0012"));
  const { error } = await new Migrator({ db: query(store), provider: { getMigrations: before } }).migrateToLatest();
  if (error) throw error;
  await sql`pragma foreign_keys = off`.execute(query(store));
  await sql`insert into device (account_id, id, name, platform, first_seen_at, last_seen_at)
    values ('a', 'd', 'laptop', 'linux', 0, 0), ('b', 'd', 'phone', 'linux', 0, 0)`.execute(query(store));
  for (const [id, device] of [
    ["1", "d"],
    ["2", "gone"],
  ]) {
    await sql`insert into session (id, account_id, instance_id, ccn_id, device_id, sign_in_id, mode, public_key, token_hash, client_ip,
      client_ip6, incarnation, chosen_access_point, started_at, renewed_at, lease_until)
      values (${id}, 'a', 'i', 'c', ${device}, 's', 'proxy', ${id}, ${id}, ${id}, ${id}, 1, '', 0, 0, 0)`.execute(
      query(store),
    );
  }
  expect(await migrate(store, directory)).toContain("0012-device-names");
  expect(await query(store).selectFrom("session").select(["id", "device_name"]).orderBy("id").execute()).toEqual([
    { id: "1", device_name: "laptop" },
    { id: "2", device_name: "" },
  ]);
});
