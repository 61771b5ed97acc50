import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Migrator } from "kysely/migration";
import { expect, onTestFinished, test } from "vitest";
import { query, sql } from "./kysely.ts";
import { migrations } from "./migrations/index.ts";
import { migrate, openStore } from "./open.ts";
import { closeStore } from "./transaction.ts";

/** Cause and text that earlier versions stored, and the reason and text after the migration. */
const sessions: [cause: string, text: string, reason: string | null, after: string][] = [
  ["sign_in_expired", "The password was reset.", "password_reset", ""],
  ["kicked", "Ended from Anna's 2. laptop.", "ended_from", "Anna's 2. laptop"],
  ["kicked", "out of hours", null, "out of hours"],
  // Texts of administrators, whatever they are.
  ["kicked", "The password was reset.", null, "The password was reset."],
  ["replaced", "phone", null, "phone"],
  ["session_expired", "Other access points serve this intranet now.", "served_elsewhere", ""],
  ["session_expired", "The instance was bound to another Cloud Connect Network.", "bound_elsewhere", ""],
  ["account_disabled", "This account was deleted.", "account_gone", ""],
  ["sign_in_expired", "This intranet was deleted.", "instance_gone", ""],
  ["instance_locked", "The administrator has locked this intranet.", "instance_locked", ""],
  ["instance_expired", "This intranet has reached the end of its term.", "instance_expired", ""],
  ["hung_up", "", null, ""],
];

test("converts English reasons of earlier versions to codes, and keeps texts of administrators", async () => {
  const directory = mkdtempSync(join(tmpdir(), "sag-store-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const store = openStore(directory);
  onTestFinished(() => closeStore(store));
  const before = async () =>
    Object.fromEntries(Object.entries(await migrations.getMigrations()).filter(([name]) => name < "0010"));
  const { error } = await new Migrator({ db: query(store), provider: { getMigrations: before } }).migrateToLatest();
  if (error) throw error;
  await sql`pragma foreign_keys = off`.execute(query(store));
  for (const [i, [cause, text]] of sessions.entries()) {
    const id = String(i).padStart(2, "0");
    await sql`insert into session (id, account_id, instance_id, ccn_id, device_id, sign_in_id, mode, public_key, token_hash, client_ip,
      client_ip6, incarnation, chosen_access_point, started_at, renewed_at, lease_until, ended_at, ended_cause, ended_text)
      values (${id}, 'a', 'i', 'c', 'd', 's', 'proxy', ${id}, ${id}, ${id}, ${id}, 1, '', 0, 0, 0, 1, ${cause}, ${text})`.execute(
      query(store),
    );
  }
  for (const [id, text] of [
    ["1", "The password was reset."],
    ["2", ""],
    ["3", null],
  ])
    await sql`insert into sign_in (id, account_id, device_id, generation, token_hash, rotated_at, former_reused, created_at, expires_at,
      ended_at, ended_text) values (${id}, 'a', ${id}, 1, ${id}, 0, 0, 0, 0, 1, ${text})`.execute(query(store));

  expect(await migrate(store, directory)).toContain("0010-end-reasons");
  const after = await query(store)
    .selectFrom("session")
    .select(["ended_cause", "ended_reason", "ended_text"])
    .orderBy("id")
    .execute();
  expect(after.map((row) => [row.ended_cause, row.ended_reason, row.ended_text])).toEqual(
    sessions.map(([cause, , reason, text]) => [cause, reason, text]),
  );
  expect(await query(store).selectFrom("sign_in").select(["id", "ended_reason"]).orderBy("id").execute()).toEqual([
    { id: "1", ended_reason: "password_reset" },
    { id: "2", ended_reason: null },
    { id: "3", ended_reason: null },
  ]);
});
