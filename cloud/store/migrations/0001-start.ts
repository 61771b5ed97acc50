import type { CreateTableBuilder, Kysely } from "kysely";

/** The initial schema. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const schema = db.schema;
  await schema
    .createTable("setting")
    .addColumn("name", "text", (c) => c.primaryKey())
    .addColumn("value", "text", (c) => c.notNull())
    .execute();
  await schema
    .createTable("tenant")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("name", "text", (c) => c.notNull().unique())
    .addColumn("is_default", "integer", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .execute();
  await schema
    .createTable("enterprise_code")
    .addColumn("code", "text", (c) => c.primaryKey())
    .addColumn("tenant_id", "text", (c) => c.notNull().references("tenant.id"))
    .addColumn("is_default", "integer", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .execute();
  await schema
    .createTable("ccn")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("tenant_id", "text", (c) => c.notNull().references("tenant.id"))
    .addColumn("name", "text", (c) => c.notNull())
    .addColumn("is_default", "integer", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .execute();
  await instances(db);
  await accounts(db);
  await sessions(db);
  await accessPoints(db);
  await schema
    .createTable("audit")
    .addColumn("id", "integer", (c) => c.primaryKey().autoIncrement())
    .addColumn("at", "bigint", (c) => c.notNull())
    .addColumn("actor", "text", (c) => c.notNull())
    .addColumn("action", "text", (c) => c.notNull())
    .addColumn("target", "text", (c) => c.notNull())
    .addColumn("before", "text")
    .addColumn("after", "text")
    .execute();
  await schema
    .createTable("keys.preshared_key")
    .addColumn("session_id", "text", (c) => c.notNull())
    .addColumn("access_point_id", "text", (c) => c.notNull())
    .addColumn("value", "blob", (c) => c.notNull())
    .addPrimaryKeyConstraint("preshared_key_pk", ["session_id", "access_point_id"])
    .execute();
  await schema
    .createTable("keys.server_secret")
    .addColumn("name", "text", (c) => c.primaryKey())
    .addColumn("value", "blob", (c) => c.notNull())
    .execute();
}

async function instances(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("instance")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("tenant_id", "text", (c) => c.notNull().references("tenant.id"))
    .addColumn("name", "text", (c) => c.notNull())
    .addColumn("enterprise_code", "text", (c) => c.notNull().references("enterprise_code.code"))
    .addColumn("ccn_id", "text", (c) => c.notNull().references("ccn.id"))
    .addColumn("full_tunnel", "integer", (c) => c.notNull())
    .addColumn("lockdown", "integer", (c) => c.notNull())
    .addColumn("lease_seconds", "integer", (c) => c.notNull())
    .addColumn("sign_in_seconds", "integer", (c) => c.notNull())
    .addColumn("devices_per_account", "integer", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .execute();
  await db.schema.createIndex("instance_by_code").on("instance").column("enterprise_code").execute();
  const lists = {
    instance_cidr: "cidr",
    instance_dns_server: "address",
    instance_dns_domain: "domain",
    instance_route: "prefix",
  };
  for (const [table, column] of Object.entries(lists)) {
    await db.schema
      .createTable(table)
      .addColumn("instance_id", "text", (c) => c.notNull().references("instance.id").onDelete("cascade"))
      .addColumn(column, "text", (c) => c.notNull())
      .addColumn("position", "integer", (c) => c.notNull())
      .addPrimaryKeyConstraint(`${table}_pk`, ["instance_id", column])
      .execute();
  }
}

async function accounts(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("account")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("instance_id", "text", (c) => c.notNull().references("instance.id").onDelete("cascade"))
    .addColumn("user_name", "text", (c) => c.notNull())
    .addColumn("mail", "text", (c) => c.notNull())
    .addColumn("password_hash", "text", (c) => c.notNull())
    .addColumn("must_change", "integer", (c) => c.notNull())
    .addColumn("disabled", "integer", (c) => c.notNull())
    .addColumn("bandwidth", "integer", (c) => c.notNull())
    .addColumn("client_ip", "text")
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .execute();
  await db.schema.createIndex("account_name").unique().on("account").columns(["instance_id", "user_name"]).execute();
  await db.schema
    .createIndex("account_client_ip")
    .unique()
    .on("account")
    .columns(["instance_id", "client_ip"])
    .execute();
  await db.schema
    .createTable("device")
    .addColumn("account_id", "text", (c) => c.notNull().references("account.id").onDelete("cascade"))
    .addColumn("id", "text", (c) => c.notNull())
    .addColumn("name", "text", (c) => c.notNull())
    .addColumn("platform", "text", (c) => c.notNull())
    .addColumn("first_seen_at", "bigint", (c) => c.notNull())
    .addColumn("last_seen_at", "bigint", (c) => c.notNull())
    .addPrimaryKeyConstraint("device_pk", ["account_id", "id"])
    .execute();
  await db.schema
    .createTable("sign_in")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("account_id", "text", (c) => c.notNull().references("account.id").onDelete("cascade"))
    .addColumn("device_id", "text", (c) => c.notNull())
    .addColumn("generation", "integer", (c) => c.notNull())
    .addColumn("token_hash", "text", (c) => c.notNull())
    .addColumn("former_hash", "text")
    .addColumn("rotated_at", "bigint", (c) => c.notNull())
    .addColumn("former_reused", "integer", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("expires_at", "bigint", (c) => c.notNull())
    .addColumn("ended_at", "bigint")
    .execute();
  await db.schema.createIndex("sign_in_by_account").on("sign_in").columns(["account_id", "device_id"]).execute();
}

async function sessions(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("session")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("account_id", "text", (c) => c.notNull())
    .addColumn("instance_id", "text", (c) => c.notNull())
    .addColumn("ccn_id", "text", (c) => c.notNull())
    .addColumn("device_id", "text", (c) => c.notNull())
    .addColumn("sign_in_id", "text", (c) => c.notNull())
    .addColumn("mode", "text", (c) => c.notNull())
    .addColumn("public_key", "blob", (c) => c.notNull())
    .addColumn("token_hash", "text", (c) => c.notNull().unique())
    .addColumn("client_ip", "text", (c) => c.notNull())
    .addColumn("client_ip6", "text", (c) => c.notNull())
    .addColumn("incarnation", "integer", (c) => c.notNull())
    .addColumn("chosen_access_point", "text", (c) => c.notNull())
    .addColumn("started_at", "bigint", (c) => c.notNull())
    .addColumn("renewed_at", "bigint", (c) => c.notNull())
    .addColumn("lease_until", "bigint", (c) => c.notNull())
    .addColumn("ended_at", "bigint")
    .addColumn("ended_cause", "text")
    .addColumn("ended_text", "text")
    .execute();
  // Unique for running sessions: one session per device and instance, and no duplicate addresses or keys in what an access point
  // receives.
  const running: [string, string[]][] = [
    ["session_running", ["device_id", "instance_id"]],
    ["session_running_ip", ["ccn_id", "client_ip"]],
    ["session_running_ip6", ["client_ip6"]],
    ["session_running_key", ["ccn_id", "public_key"]],
  ];
  for (const [name, columns] of running) {
    await db.schema
      .createIndex(name)
      .unique()
      .on("session")
      .columns(columns)
      .where("ended_at" as never, "is", null)
      .execute();
  }
  await db.schema.createIndex("session_by_account").on("session").column("account_id").execute();
  await db.schema
    .createTable("address")
    .addColumn("ccn_id", "text", (c) => c.notNull())
    .addColumn("ip", "text", (c) => c.notNull())
    .addColumn("ip6", "text", (c) => c.notNull())
    .addColumn("instance_id", "text", (c) => c.notNull())
    .addColumn("device_id", "text", (c) => c.notNull())
    .addColumn("session_id", "text", (c) => c.notNull())
    .addColumn("held_until", "bigint", (c) => c.notNull())
    .addColumn("blocked_until", "bigint", (c) => c.notNull())
    .addPrimaryKeyConstraint("address_pk", ["ccn_id", "ip"])
    .execute();
  for (const [table, columns, key] of [
    ["traffic_counter", ["access_point_id", "boot_id", "session_id"], ["access_point_id", "boot_id", "session_id"]],
    ["traffic_day", ["day", "session_id", "account_id", "instance_id", "user_name"], ["day", "session_id"]],
  ] as const) {
    let builder: CreateTableBuilder<string, string> = db.schema.createTable(table);
    for (const column of columns) builder = builder.addColumn(column, "text", (c) => c.notNull());
    await builder
      .addColumn("rx_bytes", "bigint", (c) => c.notNull())
      .addColumn("tx_bytes", "bigint", (c) => c.notNull())
      .addPrimaryKeyConstraint(`${table}_pk`, [...key])
      .execute();
  }
  await db.schema.createIndex("traffic_by_account").on("traffic_day").columns(["account_id", "day"]).execute();
}

async function accessPoints(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("access_point")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("ccn_id", "text", (c) => c.notNull().references("ccn.id"))
    .addColumn("name", "text", (c) => c.notNull())
    .addColumn("number", "integer", (c) => c.notNull().unique())
    .addColumn("identity_hash", "text", (c) => c.notNull().unique())
    .addColumn("public_key", "blob", (c) => c.notNull())
    .addColumn("endpoints", "text", (c) => c.notNull())
    .addColumn("mode", "text", (c) => c.notNull())
    .addColumn("region", "text", (c) => c.notNull())
    .addColumn("online", "integer", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("last_seen_at", "bigint", (c) => c.notNull())
    .execute();
  await db.schema
    .createTable("access_point_token")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("ccn_id", "text", (c) => c.notNull().references("ccn.id"))
    .addColumn("token_hash", "text", (c) => c.notNull().unique())
    .addColumn("uses_left", "integer", (c) => c.notNull())
    .addColumn("expires_at", "bigint", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .execute();
  await db.schema
    .createTable("peer_delivery")
    .addColumn("session_id", "text", (c) => c.notNull())
    .addColumn("access_point_id", "text", (c) => c.notNull())
    .addPrimaryKeyConstraint("peer_delivery_pk", ["session_id", "access_point_id"])
    .execute();
}
