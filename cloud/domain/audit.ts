import type { Kysely } from "kysely";
import type { Schema } from "../store/schema.ts";

/** One administrative change: who, what, to which object, before and after. Never given a secret. */
export interface AuditEntry {
  actor: string;
  action: string;
  target: string;
  before?: unknown;
  after?: unknown;
}

/** Writes the audit of a change in the change's own transaction: one is not there without the other. */
export type Note = (tx: Kysely<Schema>) => Promise<void>;

/** For changes that nobody administers. */
export const unnoted: Note = async () => {};

export async function audit(db: Kysely<Schema>, at: number, entry: AuditEntry): Promise<void> {
  const json = (value: unknown) => (value === undefined ? null : JSON.stringify(value));
  await db
    .insertInto("audit")
    .values({
      at,
      actor: entry.actor,
      action: entry.action,
      target: entry.target,
      before: json(entry.before),
      after: json(entry.after),
    })
    .execute();
}
