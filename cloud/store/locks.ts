import type { Tx } from "./db.ts";
import { query } from "./kysely.ts";
import type { Schema } from "./schema.ts";

/**
 * Row locks. Take one before counting or checking what the same transaction then changes ("at most N", "exactly one"), unless a unique
 * index or the condition of the write itself protects it. Lock in this order to avoid deadlocks: tenant, enterprise code, CCN, CEN,
 * instance, account, others.
 */

type Lockable =
  | "tenant"
  | "enterprise_code"
  | "ccn"
  | "cen"
  | "instance"
  | "account"
  | "acl"
  | "qos"
  | "flow_log"
  | "cen_bandwidth_package"
  | "session"
  | "access_point_token";

/**
 * SQLite has one connection and serialises transactions, so no lock is needed. On PostgreSQL, transactions run in parallel, and the row
 * stays locked until the transaction ends.
 */
async function lock(tx: Tx, table: Lockable, id: string): Promise<void> {
  const db = query(tx);
  if (!db.getExecutor().adapter.supportsMultipleConnections) return;
  const column = table === "enterprise_code" ? "code" : "id";
  await db
    .selectFrom(table as keyof Schema)
    .select(column as never)
    .where(column as never, "=", id as never)
    .forUpdate()
    .execute();
}

/** Take before counting or adding objects of a product account (tenant). */
export const lockTenant = (tx: Tx, id: string): Promise<void> => lock(tx, "tenant", id);

/** Take before adding user names to the instances of an enterprise code. `code` in upper case. */
export const lockCode = (tx: Tx, code: string): Promise<void> => lock(tx, "enterprise_code", code);

/** Take before assigning an address of a CCN. */
export const lockCcn = (tx: Tx, id: string): Promise<void> => lock(tx, "ccn", id);

export const lockCen = (tx: Tx, id: string): Promise<void> => lock(tx, "cen", id);

/** Take before counting or adding an instance's accounts, address blocks, routes, name servers or resources. */
export const lockInstance = (tx: Tx, id: string): Promise<void> => lock(tx, "instance", id);

/** Take before counting or adding an account's sessions, devices or sign-ins. */
export const lockAccount = (tx: Tx, id: string): Promise<void> => lock(tx, "account", id);

export const lockAcl = (tx: Tx, id: string): Promise<void> => lock(tx, "acl", id);

export const lockQos = (tx: Tx, id: string): Promise<void> => lock(tx, "qos", id);

export const lockFlowLog = (tx: Tx, id: string): Promise<void> => lock(tx, "flow_log", id);

export const lockPackage = (tx: Tx, id: string): Promise<void> => lock(tx, "cen_bandwidth_package", id);

/** Take before acting on whether a session is running. */
export const lockSession = (tx: Tx, id: string): Promise<void> => lock(tx, "session", id);

/** Take before an access point registers. */
export const lockToken = (tx: Tx, id: string): Promise<void> => lock(tx, "access_point_token", id);
