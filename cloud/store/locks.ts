import type { Tx } from "./db.ts";
import { query } from "./kysely.ts";
import type { Schema } from "./schema.ts";

/**
 * Row locks. Take one before counting or checking what the same transaction then changes ("at most N", "exactly one"), where no
 * unique index and no condition of the write itself guards it. Order: tenant, enterprise code, CCN, CEN, instance, account, the
 * rest; so that two transactions never wait for each other.
 */

type Lockable =
  | "tenant"
  | "enterprise_code"
  | "ccn"
  | "cen"
  | "instance"
  | "account"
  | "acl"
  | "cen_bandwidth_package"
  | "session"
  | "access_point_token";

/**
 * SQLite has one connection and runs transactions one after the other: there is nothing to lock. PostgreSQL runs them side by side,
 * and there the row stays locked until the transaction ends.
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

/** Before counting or adding what an account of the product (a tenant) owns. */
export const lockTenant = (tx: Tx, id: string): Promise<void> => lock(tx, "tenant", id);

/** Before adding names to the instances of an enterprise code. `code`: upper case. */
export const lockCode = (tx: Tx, code: string): Promise<void> => lock(tx, "enterprise_code", code);

/** Before giving out an address of a CCN. */
export const lockCcn = (tx: Tx, id: string): Promise<void> => lock(tx, "ccn", id);

export const lockCen = (tx: Tx, id: string): Promise<void> => lock(tx, "cen", id);

/** Before counting or adding an instance's accounts, blocks, routes, name servers or resources. */
export const lockInstance = (tx: Tx, id: string): Promise<void> => lock(tx, "instance", id);

/** Before counting or adding an account's sessions, devices and sign-ins. */
export const lockAccount = (tx: Tx, id: string): Promise<void> => lock(tx, "account", id);

export const lockAcl = (tx: Tx, id: string): Promise<void> => lock(tx, "acl", id);

export const lockPackage = (tx: Tx, id: string): Promise<void> => lock(tx, "cen_bandwidth_package", id);

/** Before deciding by whether a session is running. */
export const lockSession = (tx: Tx, id: string): Promise<void> => lock(tx, "session", id);

/** Before an access point registers. */
export const lockToken = (tx: Tx, id: string): Promise<void> => lock(tx, "access_point_token", id);
