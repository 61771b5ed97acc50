import type { CreateTableBuilder, Kysely } from "kysely";
import type { Schema } from "../schema.ts";

/** Adds QoS policies with their rules, flow logs, and the instances that have them. */
export async function up(db: Kysely<Schema>): Promise<void> {
  await qos(db);
  await flowLogs(db);
}

const texts = <T extends string>(table: CreateTableBuilder<T>, names: readonly string[]): CreateTableBuilder<T> =>
  names.reduce((made, name) => made.addColumn(name, "text", (c) => c.notNull()) as CreateTableBuilder<T>, table);

const numbers = <T extends string>(table: CreateTableBuilder<T>, names: readonly string[]): CreateTableBuilder<T> =>
  names.reduce((made, name) => made.addColumn(name, "integer", (c) => c.notNull()) as CreateTableBuilder<T>, table);

async function qos(db: Kysely<Schema>): Promise<void> {
  const owned = db.schema
    .createTable("qos")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("tenant_id", "text", (c) => c.notNull().references("tenant.id"));
  await texts(owned, ["region", "name", "description"])
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .execute();
  const part = (name: "qos_car" | "qos_policy") =>
    db.schema
      .createTable(name)
      .addColumn("id", "text", (c) => c.primaryKey())
      .addColumn("qos_id", "text", (c) => c.notNull().references("qos.id").onDelete("cascade"))
      .addColumn("priority", "integer", (c) => c.notNull())
      .addColumn("created_at", "bigint", (c) => c.notNull());
  let car = texts(part("qos_car"), ["name", "description", "limit_type", "percent_source"]);
  for (const name of ["min_abs", "max_abs", "min_percent", "max_percent"]) {
    car = car.addColumn(name, "integer") as typeof car;
  }
  await car.execute();
  const columns = ["name", "description", "protocol", "source_cidr", "dest_cidr", "source_ports", "dest_ports"];
  await texts(part("qos_policy"), [
    ...columns,
    "dpi_group_ids",
    "dpi_signature_ids",
    "start_time",
    "end_time",
  ]).execute();
  for (const name of ["qos_car", "qos_policy"]) {
    await db.schema.createIndex(`${name}_by_qos`).on(name).columns(["qos_id", "priority"]).execute();
  }
  await db.schema
    .createTable("qos_instance")
    .addColumn("instance_id", "text", (c) => c.primaryKey().references("instance.id").onDelete("cascade"))
    .addColumn("qos_id", "text", (c) => c.notNull().references("qos.id"))
    .execute();
  await db.schema.createIndex("qos_instance_by_qos").on("qos_instance").column("qos_id").execute();
}

async function flowLogs(db: Kysely<Schema>): Promise<void> {
  const owned = db.schema
    .createTable("flow_log")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("tenant_id", "text", (c) => c.notNull().references("tenant.id"));
  const named = texts(owned, ["region", "name", "description", "output_type", "netflow_server_ip", "netflow_version"]);
  await numbers(texts(named, ["sls_region", "project_name", "logstore_name"]), [
    "active",
    "active_aging",
    "inactive_aging",
    "netflow_server_port",
  ])
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .execute();
  await db.schema
    .createTable("flow_log_instance")
    .addColumn("instance_id", "text", (c) => c.primaryKey().references("instance.id").onDelete("cascade"))
    .addColumn("flow_log_id", "text", (c) => c.notNull().references("flow_log.id"))
    .execute();
  await db.schema.createIndex("flow_log_instance_by_flow_log").on("flow_log_instance").column("flow_log_id").execute();
}
