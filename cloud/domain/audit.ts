import type { Db } from "../store/db.ts";
import { nameKey } from "../store/names.ts";
import { auditRecords, insertAudit } from "../store/queries/audit.ts";
import { type NamedTable, namesOf } from "../store/queries/listings/names.ts";
import type { Context } from "./context.ts";

/** An administrative change: who did what to which object, with the values before and after. Never contains a secret. */
export interface AuditEntry {
  actor: string;
  action: string;
  target: string;
  before?: unknown;
  after?: unknown;
}

/** User name of a value, so that an account's records can be found by name, even after its deletion. */
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
    userName: userNameIn(entry.after) ?? userNameIn(entry.before),
    before: json(entry.before),
    after: json(entry.after),
  });
}

/** An audit record as administrators see it. */
export interface AuditView {
  at: string;
  actor: string;
  action: string;
  target: string;
  /** Name of the target: the present one, or of a deleted object the one in the record; "" = none is known. */
  targetName: string;
  /** Lower case; null = the record is not about an account. */
  user: string | null;
  before: unknown;
  after: unknown;
}

/** Newest first. `action` also matches actions that begin with it and a space ("sign-in" matches "sign-in refused"). */
export async function listAudit(
  context: Context,
  wanted: { limit: number; user?: string | undefined; action?: string | undefined; sinceSeconds?: number | undefined },
): Promise<AuditView[]> {
  const { store, clock } = context;
  const { limit, user, action, sinceSeconds } = wanted;
  const rows = await auditRecords(store, {
    limit,
    nameKey: user === undefined ? undefined : nameKey(user),
    action,
    since: sinceSeconds === undefined ? undefined : clock.now() - sinceSeconds * 1_000,
  });
  const names = await targetNames(context, [...new Set(rows.map((row) => row.target))]);
  const parsed = (json: string | null): unknown => (json === null ? null : JSON.parse(json));
  return rows.map((row) => {
    const [before, after] = [parsed(row.before), parsed(row.after)];
    return {
      at: new Date(row.at).toISOString(),
      actor: row.actor,
      action: row.action,
      target: row.target,
      targetName: names.get(row.target) ?? (nameIn(after) || nameIn(before)),
      user: row.userName,
      before,
      after,
    };
  });
}

/** Tables of objects with names, by the prefix of their ids. */
const tables: Readonly<Record<string, NamedTable>> = {
  acl: "acl",
  ccn: "ccn",
  cen: "cen",
  cenbwp: "cen_bandwidth_package",
  fl: "flow_log",
  qos: "qos",
  sag: "instance",
  vpc: "cloud_network",
};

/** Present names of audited objects, by id. */
async function targetNames({ store, accessPoints }: Context, targets: readonly string[]): Promise<Map<string, string>> {
  const names = new Map(accessPoints.list().map(({ id, name }) => [id, name]));
  for (const [prefix, table] of Object.entries(tables)) {
    const ids = targets.filter((target) => target.startsWith(`${prefix}-`));
    for (const [id, name] of await namesOf(store, table, ids)) names.set(id, name);
  }
  return names;
}

function nameIn(view: unknown): string {
  const name = typeof view === "object" && view !== null ? (view as { name?: unknown }).name : undefined;
  return typeof name === "string" ? name : "";
}
