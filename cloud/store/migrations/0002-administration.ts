import { type Kysely, sql } from "kysely";
import { newId, newUid } from "../../base/ids.ts";
import type { Schema } from "../schema.ts";

/**
 * Adds the product's own objects and converts existing data: the default CCN is attached to a new default CEN, and the routes of each
 * instance become a cloud network.
 */
export async function up(db: Kysely<Schema>): Promise<void> {
  await columns(db);
  await keysAndLimits(db);
  await networks(db);
  await controlLists(db);
  await carryOver(db);
  await db.schema.dropTable("instance_route").execute();
}

/** Kysely's column builder takes text defaults as literals. */
async function columns(db: Kysely<Schema>): Promise<void> {
  const added: [string, string, "text" | "integer" | "bigint", string | number | null][] = [
    ["tenant", "uid", "bigint", null],
    ["ccn", "region", "text", "cn-shanghai"],
    ["ccn", "description", "text", ""],
    ["ccn", "cidr_block", "text", ""],
    ["ccn", "snat_cidr_block", "text", ""],
    ["ccn", "interworking", "text", "Enabled"],
    ["instance", "region", "text", "cn-shanghai"],
    ["instance", "description", "text", ""],
    ["instance", "user_count", "integer", 2_000],
    ["instance", "data_plan", "integer", 5],
    ["instance", "end_time", "bigint", null],
    ["instance", "locked", "integer", 0],
    ["instance", "bound_ccn_id", "text", null],
    ["instance", "position", "text", ""],
    ["instance", "routing_strategy", "text", "static"],
    ["instance", "security_lock_threshold", "integer", null],
    ["instance", "connection_audit", "integer", 0],
    ["instance", "access_point_number", "integer", null],
    ["account", "accelerate_bandwidth", "integer", 0],
    ["account", "roamed_from", "text", null],
  ];
  for (const [table, column, type, value] of added) {
    await db.schema
      .alterTable(table)
      .addColumn(column, type, (c) => (value === null ? c : c.notNull().defaultTo(value)))
      .execute();
  }
  await db.schema.createIndex("tenant_uid").unique().on("tenant").column("uid").execute();
  await db.schema.createIndex("instance_by_tenant").on("instance").columns(["tenant_id", "created_at"]).execute();
  await db.schema.createIndex("account_by_instance").on("account").columns(["instance_id", "created_at"]).execute();
  await db.schema.createIndex("session_by_instance").on("session").columns(["instance_id", "ended_at"]).execute();
}

async function keysAndLimits(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .createTable("access_key")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("tenant_id", "text", (c) => c.notNull().references("tenant.id"))
    .addColumn("role", "text", (c) => c.notNull())
    .addColumn("active", "integer", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .execute();
  await db.schema
    .createTable("keys.access_key_secret")
    .addColumn("access_key_id", "text", (c) => c.primaryKey())
    .addColumn("value", "text", (c) => c.notNull())
    .execute();
  await db.schema
    .createTable("request_nonce")
    .addColumn("access_key_id", "text", (c) => c.notNull())
    .addColumn("nonce", "text", (c) => c.notNull())
    .addColumn("at", "bigint", (c) => c.notNull())
    .addPrimaryKeyConstraint("request_nonce_pk", ["access_key_id", "nonce"])
    .execute();
  await db.schema.createIndex("request_nonce_age").on("request_nonce").column("at").execute();
  await db.schema
    .createTable("client_token")
    .addColumn("tenant_id", "text", (c) => c.notNull())
    .addColumn("action", "text", (c) => c.notNull())
    .addColumn("token", "text", (c) => c.notNull())
    .addColumn("answer", "text", (c) => c.notNull())
    .addColumn("at", "bigint", (c) => c.notNull())
    .addPrimaryKeyConstraint("client_token_pk", ["tenant_id", "action", "token"])
    .execute();
  await db.schema
    .createTable("quota")
    .addColumn("tenant_id", "text", (c) => c.notNull().references("tenant.id"))
    .addColumn("name", "text", (c) => c.notNull())
    .addColumn("value", "integer", (c) => c.notNull())
    .addPrimaryKeyConstraint("quota_pk", ["tenant_id", "name"])
    .execute();
  await db.schema
    .createTable("tag")
    .addColumn("object_id", "text", (c) => c.notNull())
    .addColumn("key", "text", (c) => c.notNull())
    .addColumn("value", "text", (c) => c.notNull())
    .addPrimaryKeyConstraint("tag_pk", ["object_id", "key"])
    .execute();
  await db.schema
    .createTable("diagnosis")
    .addColumn("instance_id", "text", (c) => c.primaryKey().references("instance.id").onDelete("cascade"))
    .addColumn("at", "bigint", (c) => c.notNull())
    .addColumn("report", "text", (c) => c.notNull())
    .execute();
}

async function networks(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .createTable("instance_recovered_dns")
    .addColumn("instance_id", "text", (c) => c.notNull().references("instance.id").onDelete("cascade"))
    .addColumn("address", "text", (c) => c.notNull())
    .addColumn("position", "integer", (c) => c.notNull())
    .addPrimaryKeyConstraint("instance_recovered_dns_pk", ["instance_id", "address"])
    .execute();
  await db.schema
    .createTable("cloud_network")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("tenant_id", "text", (c) => c.notNull().references("tenant.id"))
    .addColumn("name", "text", (c) => c.notNull())
    .addColumn("region", "text", (c) => c.notNull())
    .addColumn("instance_id", "text", (c) => c.references("instance.id").onDelete("cascade"))
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .execute();
  await db.schema.createIndex("cloud_network_of_instance").unique().on("cloud_network").column("instance_id").execute();
  await db.schema
    .createTable("cloud_network_cidr")
    .addColumn("network_id", "text", (c) => c.notNull().references("cloud_network.id").onDelete("cascade"))
    .addColumn("cidr", "text", (c) => c.notNull())
    .addColumn("position", "integer", (c) => c.notNull())
    .addPrimaryKeyConstraint("cloud_network_cidr_pk", ["network_id", "cidr"])
    .execute();
  await db.schema
    .createTable("cloud_network_access_point")
    .addColumn("network_id", "text", (c) => c.notNull().references("cloud_network.id").onDelete("cascade"))
    .addColumn("access_point_id", "text", (c) => c.notNull().references("access_point.id").onDelete("cascade"))
    .addPrimaryKeyConstraint("cloud_network_access_point_pk", ["network_id", "access_point_id"])
    .execute();
  await db.schema
    .createTable("cen")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("tenant_id", "text", (c) => c.notNull().references("tenant.id"))
    .addColumn("name", "text", (c) => c.notNull())
    .addColumn("description", "text", (c) => c.notNull())
    .addColumn("protection_level", "text", (c) => c.notNull())
    .addColumn("is_default", "integer", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .execute();
  await db.schema
    .createTable("cen_child")
    .addColumn("child_id", "text", (c) => c.primaryKey())
    .addColumn("cen_id", "text", (c) => c.notNull().references("cen.id"))
    .addColumn("child_type", "text", (c) => c.notNull())
    .addColumn("attached_at", "bigint", (c) => c.notNull())
    .addColumn("subnet", "text", (c) => c.notNull())
    .execute();
  await db.schema.createIndex("cen_child_by_cen").on("cen_child").column("cen_id").execute();
  await bandwidthAndGrants(db);
}

async function bandwidthAndGrants(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .createTable("cen_bandwidth_package")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("tenant_id", "text", (c) => c.notNull().references("tenant.id"))
    .addColumn("name", "text", (c) => c.notNull())
    .addColumn("description", "text", (c) => c.notNull())
    .addColumn("bandwidth", "integer", (c) => c.notNull())
    .addColumn("area_a", "text", (c) => c.notNull())
    .addColumn("area_b", "text", (c) => c.notNull())
    .addColumn("charge_type", "text", (c) => c.notNull())
    .addColumn("cen_id", "text", (c) => c.references("cen.id"))
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .execute();
  await db.schema
    .createTable("cen_region_limit")
    .addColumn("cen_id", "text", (c) => c.notNull().references("cen.id").onDelete("cascade"))
    .addColumn("local_region", "text", (c) => c.notNull())
    .addColumn("opposite_region", "text", (c) => c.notNull())
    .addColumn("bandwidth", "integer", (c) => c.notNull())
    .addColumn("package_id", "text", (c) => c.notNull())
    .addPrimaryKeyConstraint("cen_region_limit_pk", ["cen_id", "local_region", "opposite_region"])
    .execute();
  await db.schema
    .createTable("grant_cbn")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("ccn_id", "text", (c) => c.notNull().references("ccn.id").onDelete("cascade"))
    .addColumn("cen_id", "text", (c) => c.notNull())
    .addColumn("cen_tenant_id", "text", (c) => c.notNull())
    .addColumn("traffic_service", "integer", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("modified_at", "bigint", (c) => c.notNull())
    .execute();
  await db.schema.createIndex("grant_cbn_pair").unique().on("grant_cbn").columns(["ccn_id", "cen_id"]).execute();
  await db.schema
    .createTable("grant_sag")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("instance_id", "text", (c) => c.notNull().unique().references("instance.id").onDelete("cascade"))
    .addColumn("ccn_id", "text", (c) => c.notNull())
    .addColumn("ccn_tenant_id", "text", (c) => c.notNull())
    .addColumn("traffic_service", "integer", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .execute();
}

async function controlLists(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .createTable("acl")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("tenant_id", "text", (c) => c.notNull().references("tenant.id"))
    .addColumn("region", "text", (c) => c.notNull())
    .addColumn("name", "text", (c) => c.notNull())
    .addColumn("type", "text", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .execute();
  let rules = db.schema
    .createTable("acl_rule")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("acl_id", "text", (c) => c.notNull().references("acl.id").onDelete("cascade"));
  for (const column of [
    "name",
    "description",
    "direction",
    "policy",
    "source_cidr",
    "dest_cidr",
    "source_ports",
    "dest_ports",
    "protocol",
    "type",
    "dpi_group_ids",
    "dpi_signature_ids",
  ]) {
    rules = rules.addColumn(column, "text", (c) => c.notNull());
  }
  await rules
    .addColumn("priority", "integer", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .execute();
  await db.schema
    .createTable("acl_instance")
    .addColumn("instance_id", "text", (c) => c.primaryKey().references("instance.id").onDelete("cascade"))
    .addColumn("acl_id", "text", (c) => c.notNull().references("acl.id"))
    .execute();
}

/** Gives every product account a number, every default CCN a CEN, and every instance's routes a cloud network. */
async function carryOver(db: Kysely<Schema>): Promise<void> {
  const now = Date.now();
  for (const { id } of await db.selectFrom("tenant").select("id").execute()) {
    await db.updateTable("tenant").set({ uid: newUid() }).where("id", "=", id).execute();
  }
  for (const ccn of await db.selectFrom("ccn").select(["id", "tenant_id"]).where("is_default", "=", 1).execute()) {
    const cen = {
      id: newId("cen"),
      tenant_id: ccn.tenant_id,
      name: "default",
      description: "",
      protection_level: "REDUCED",
    };
    await db
      .insertInto("cen")
      .values({ ...cen, is_default: 1, created_at: now })
      .execute();
    await db
      .insertInto("cen_child")
      .values({ child_id: ccn.id, cen_id: cen.id, child_type: "CCN", attached_at: now, subnet: "" })
      .execute();
  }
  await db.updateTable("instance").set({ bound_ccn_id: sql<string>`ccn_id` }).execute();
  for (const instance of await db.selectFrom("instance").select(["id", "tenant_id", "name", "ccn_id"]).execute()) {
    const old = await sql<{ prefix: string }>`
      select prefix from instance_route where instance_id = ${instance.id} order by position`.execute(db);
    if (old.rows.length === 0) continue;
    const id = newId("vpc");
    const network = { id, tenant_id: instance.tenant_id, name: instance.name, region: "cn-shanghai" };
    await db
      .insertInto("cloud_network")
      .values({ ...network, instance_id: instance.id, created_at: now })
      .execute();
    for (const [position, { prefix }] of old.rows.entries()) {
      await db.insertInto("cloud_network_cidr").values({ network_id: id, cidr: prefix, position }).execute();
    }
    const parent = await db
      .selectFrom("cen_child")
      .select("cen_id")
      .where("child_id", "=", instance.ccn_id)
      .executeTakeFirst();
    if (!parent) continue;
    await db
      .insertInto("cen_child")
      .values({ child_id: id, cen_id: parent.cen_id, child_type: "VPC", attached_at: now, subnet: "" })
      .execute();
  }
}
