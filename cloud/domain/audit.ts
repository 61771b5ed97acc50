import type { Db } from "../store/db.ts";
import { nameKey } from "../store/names.ts";
import { auditRecords, insertAudit } from "../store/queries/audit.ts";
import type { Context } from "./context.ts";

/** One administrative change: who, what, to which object, before and after. Never given a secret. */
export interface AuditEntry {
  actor: string;
  action: string;
  target: string;
  before?: unknown;
  after?: unknown;
}

/** So that what was done to an account is found by its user name, also when it is gone. */
export function userNameIn(view: unknown): string | null {
  const name = typeof view === "object" && view !== null ? (view as { userName?: unknown }).userName : undefined;
  return typeof name === "string" ? nameKey(name) : null;
}

export async function audit(db: Db, at: number, entry: AuditEntry): Promise<void> {
  const json = (value: unknown) => (value === undefined ? null : JSON.stringify(value));
  await insertAudit(db, {
    at,
    actor: entry.actor,
    action: entry.action,
    target: entry.target,
    user_name: userNameIn(entry.after) ?? userNameIn(entry.before),
    before: json(entry.before),
    after: json(entry.after),
  });
}

/** One row as administrators see it. */
export interface AuditView {
  at: string;
  actor: string;
  action: string;
  target: string;
  /** Without case; null = no account is meant. */
  user: string | null;
  before: unknown;
  after: unknown;
}

/** The newest first. `action`: this one, with those whose name goes on ("sign-in" with "sign-in refused"). */
export async function listAudit(
  { store, clock }: Context,
  wanted: { limit: number; user?: string | undefined; action?: string | undefined; sinceSeconds?: number | undefined },
): Promise<AuditView[]> {
  const { limit, user, action, sinceSeconds } = wanted;
  const rows = await auditRecords(store, {
    limit,
    nameKey: user === undefined ? undefined : nameKey(user),
    action,
    since: sinceSeconds === undefined ? undefined : clock.now() - sinceSeconds * 1_000,
  });
  const parsed = (json: string | null): unknown => (json === null ? null : JSON.parse(json));
  return rows.map((row) => ({
    at: new Date(row.at).toISOString(),
    actor: row.actor,
    action: row.action,
    target: row.target,
    user: row.user_name,
    before: parsed(row.before),
    after: parsed(row.after),
  }));
}
