import type { ExpressionBuilder } from "kysely";
import type { Db } from "../db.ts";
import { query } from "../kysely.ts";
import type { Schema } from "../schema.ts";
import * as shapes from "../shapes.ts";

/** `userName` in lower case; `before` and `after` are JSON, null = the object did not exist. */
export async function insertAudit(db: Db, row: Omit<shapes.AuditRecord, "id">): Promise<void> {
  await query(db).insertInto("audit").values(shapes.auditRecord.row(row)).execute();
}

export interface AuditFilter {
  limit: number;
  /** User name in lower case; also finds records of a deleted account. */
  nameKey?: string | undefined;
  /** This action, and actions that begin with it and a space ("sign-in" matches "sign-in refused"). */
  action?: string | undefined;
  /** Epoch ms. */
  since?: number | undefined;
}

/** Newest first. */
export async function auditRecords(
  db: Db,
  { limit, nameKey, action, since }: AuditFilter,
): Promise<shapes.AuditRecord[]> {
  let found = query(db).selectFrom("audit").select(shapes.auditRecord.columns).orderBy("id", "desc").limit(limit);
  if (nameKey !== undefined) {
    const accounts = query(db).selectFrom("account").select("id").where("name_key", "=", nameKey);
    found = found.where((e) => e.or([e("user_name", "=", nameKey), e("target", "in", accounts)]));
  }
  if (action !== undefined) {
    // All actions with this prefix and a space; "!" is the character after the space.
    const further = (e: ExpressionBuilder<Schema, "audit">) =>
      e.and([e("action", ">=", `${action} `), e("action", "<", `${action}!`)]);
    found = found.where((e) => e.or([e("action", "=", action), further(e)]));
  }
  if (since !== undefined) found = found.where("at", ">=", since);
  return found.execute();
}

/** Deletes records of these actions that are older than `before` (epoch ms) or not among the newest `kept`. */
export async function deleteAudit(db: Db, actions: readonly string[], before: number, kept: number): Promise<void> {
  const surplus = await query(db)
    .selectFrom("audit")
    .select("id")
    .where("action", "in", [...actions])
    .orderBy("id", "desc")
    .limit(1)
    .offset(kept)
    .executeTakeFirst();
  await query(db)
    .deleteFrom("audit")
    .where("action", "in", [...actions])
    .where((e) => e.or([e("at", "<=", before), e("id", "<=", surplus?.id ?? -1)]))
    .execute();
}
