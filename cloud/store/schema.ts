import type { Generated } from "kysely";
import type { AccountAdminColumns, AdminSchema, CcnAdminColumns, InstanceAdminColumns } from "./schema-admin.ts";
import type { PeopleSchema } from "./schema-people.ts";
import type { TrafficSchema } from "./schema-traffic.ts";

/**
 * The tables, named after the product's objects. Times are epoch ms, durations s, booleans 0/1, and addresses text: types that both
 * SQLite and PostgreSQL have. `keys.*` is a separate schema (in SQLite a separate file) that backups leave out.
 */
export interface Schema extends AdminSchema, PeopleSchema, TrafficSchema {
  setting: SettingTable;
  tenant: TenantTable;
  enterprise_code: EnterpriseCodeTable;
  ccn: CcnTable;
  instance: InstanceTable;
  instance_cidr: { instance_id: string; cidr: string; position: number };
  instance_dns_server: { instance_id: string; address: string; position: number };
  instance_dns_domain: { instance_id: string; domain: string; position: number };
  instance_dns_search: { instance_id: string; domain: string; position: number };
  account: AccountTable;
  device: DeviceTable;
  sign_in: SignInTable;
  session: SessionTable;
  address: AddressTable;
  access_point: AccessPointTable;
  access_point_token: AccessPointTokenTable;
  peer_delivery: { session_id: string; access_point_id: string };
  traffic_counter: TrafficCounterTable;
  traffic_day: TrafficDayTable;
  audit: AuditTable;
  "keys.preshared_key": { session_id: string; access_point_id: string; value: Uint8Array };
  "keys.server_secret": { name: string; value: Uint8Array };
}

export interface SettingTable {
  name: string;
  value: string;
}

/** A product account, which owns objects. A default one exists from the start. */
export interface TenantTable {
  id: string;
  /** The number that identifies it to other product accounts; null only before the migration that introduced it. */
  uid: number | null;
  name: string;
  is_default: number;
  created_at: number;
}

export interface EnterpriseCodeTable {
  /** Upper case. */
  code: string;
  tenant_id: string;
  is_default: number;
  created_at: number;
}

export interface CcnTable extends CcnAdminColumns {
  id: string;
  tenant_id: string;
  name: string;
  is_default: number;
  created_at: number;
}

export interface InstanceTable extends InstanceAdminColumns {
  id: string;
  tenant_id: string;
  name: string;
  enterprise_code: string;
  /** The CCN whose access points serve it, whether it is bound or not. */
  ccn_id: string;
  full_tunnel: number;
  lockdown: number;
  lease_seconds: number;
  sign_in_seconds: number;
  devices_per_account: number;
  second_factor_required: Generated<number>;
  created_at: number;
}

/** A client account of a software instance. */
export interface AccountTable extends AccountAdminColumns {
  id: string;
  instance_id: string;
  user_name: string;
  /** The user name in lower case; see store/names.ts. */
  name_key: string;
  mail: string;
  /** Password hash in PHC form. */
  password_hash: string;
  must_change: number;
  disabled: number;
  /** Kbit/s; 0 = uncapped. */
  bandwidth: number;
  /** Fixed address; null = dynamic. */
  client_ip: string | null;
  created_at: number;
}

/** A device that has signed in to the account at least once. */
export interface DeviceTable {
  account_id: string;
  id: string;
  name: string;
  platform: string;
  first_seen_at: number;
  last_seen_at: number;
}

export interface SignInTable {
  id: string;
  account_id: string;
  device_id: string;
  /** Number of the current refresh token; increases with each rotation. */
  generation: number;
  /** SHA-256 of the current refresh token. */
  token_hash: string;
  /** SHA-256 of its predecessor; null = none yet. */
  former_hash: string | null;
  rotated_at: number;
  /** 1 = the predecessor was already accepted a second time. */
  former_reused: number;
  created_at: number;
  expires_at: number;
  ended_at: number | null;
  /** Why it ended: a code of domain/sessions/reasons.ts; null = no reason given. */
  ended_reason: Generated<string | null>;
}

export interface SessionTable {
  id: string;
  account_id: string;
  instance_id: string;
  /** Copied from the instance at Dial; addresses are unique within a CCN. */
  ccn_id: string;
  device_id: string;
  /** Its name at Dial, kept although the device may be deleted; "" = deleted before version 0012 of the store. */
  device_name: Generated<string>;
  sign_in_id: string;
  mode: string;
  public_key: Uint8Array;
  token_hash: string;
  client_ip: string;
  client_ip6: string;
  incarnation: number;
  /** The access point that the client chose; "" = none. */
  chosen_access_point: string;
  started_at: number;
  renewed_at: number;
  lease_until: number;
  ended_at: number | null;
  /** Cause code; null while it is running. */
  ended_cause: string | null;
  /** The administrator's text, or the name of the device that took over or that ended it. */
  ended_text: string | null;
  /** The reason, if the cause does not contain it: a code of domain/sessions/reasons.ts; null = none. */
  ended_reason: Generated<string | null>;
}

/** An address that was assigned at some time. */
export interface AddressTable {
  ccn_id: string;
  ip: string;
  ip6: string;
  instance_id: string;
  device_id: string;
  /** The last session with this address. */
  session_id: string;
  held_until: number;
  blocked_until: number;
}

export interface AccessPointTable {
  id: string;
  ccn_id: string;
  name: string;
  /** Low half of its probe address. */
  number: number;
  identity_hash: string;
  public_key: Uint8Array;
  /** JSON of sag.client.v1.Endpoint[]. */
  endpoints: string;
  mode: string;
  region: string;
  /** 1 = it was connected when last seen. */
  online: number;
  created_at: number;
  last_seen_at: number;
  /** Hash of the token it registered with; null once it has used its identity. */
  registered_with: string | null;
}

export interface AccessPointTokenTable {
  id: string;
  ccn_id: string;
  token_hash: string;
  uses_left: number;
  expires_at: number;
  created_at: number;
}

/** The last cumulative counters of a session during one boot of one access point. */
export interface TrafficCounterTable {
  access_point_id: string;
  boot_id: string;
  session_id: string;
  rx_bytes: number;
  tx_bytes: number;
}

/** Bytes per session and UTC day; kept after the account was deleted. */
export interface TrafficDayTable {
  day: string;
  session_id: string;
  account_id: string;
  instance_id: string;
  user_name: string;
  rx_bytes: number;
  tx_bytes: number;
}

export interface AuditTable {
  id: Generated<number>;
  at: number;
  actor: string;
  action: string;
  target: string;
  /** User name of the account concerned, in lower case; null = none. */
  user_name: string | null;
  /** JSON; null = the object did not exist. */
  before: string | null;
  after: string | null;
}
