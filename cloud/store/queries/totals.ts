import { sql } from "kysely";
import type { Db } from "../db.ts";
import { query } from "../kysely.ts";
import type { Bytes } from "./traffic.ts";

/** Totals of the whole database, for metrics. */
export interface Totals {
  tenants: number;
  instances: number;
  accounts: number;
  /** Running sessions, by instance. */
  sessions: Map<string, number>;
  traffic: Bytes;
}

export async function totals(db: Db): Promise<Totals> {
  const count = async (table: "instance" | "account" | "tenant") => {
    const { n } = await query(db)
      .selectFrom(table)
      .select((e) => e.fn.countAll<number>().as("n"))
      .executeTakeFirstOrThrow();
    return Number(n);
  };
  const sessions = await query(db)
    .selectFrom("session")
    .select((e) => ["instance_id", e.fn.countAll<number>().as("n")])
    .where("ended_at", "is", null)
    .groupBy("instance_id")
    .execute();
  const traffic = await query(db)
    .selectFrom("traffic_day")
    .select((e) => [e.fn.sum<number | null>("rx_bytes").as("rx"), e.fn.sum<number | null>("tx_bytes").as("tx")])
    .executeTakeFirstOrThrow();
  return {
    tenants: await count("tenant"),
    instances: await count("instance"),
    accounts: await count("account"),
    sessions: new Map(sessions.map((row) => [row.instance_id, Number(row.n)])),
    traffic: { rx: Number(traffic.rx ?? 0), tx: Number(traffic.tx ?? 0) },
  };
}

/** Rejects if the database does not answer. */
export async function probe(db: Db): Promise<void> {
  await sql`select 1`.execute(query(db));
}
