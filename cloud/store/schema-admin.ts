import type { Generated } from "kysely";

/** Tables of administrators' objects: keys, networks, grants and ACLs. Conventions as in schema.ts. */
export interface AdminSchema {
  access_key: AccessKeyTable;
  "keys.access_key_secret": { access_key_id: string; value: string };
  request_nonce: { access_key_id: string; nonce: string; at: number };
  client_token: { tenant_id: string; action: string; token: string; answer: string; at: number };
  quota: { tenant_id: string; name: string; value: number };
  instance_recovered_dns: { instance_id: string; address: string; position: number };
  cloud_network: CloudNetworkTable;
  cloud_network_cidr: { network_id: string; cidr: string; position: number };
  cloud_network_access_point: { network_id: string; access_point_id: string };
  cen: CenTable;
  cen_child: CenChildTable;
  cen_bandwidth_package: CenBandwidthPackageTable;
  cen_region_limit: CenRegionLimitTable;
  grant_cbn: GrantCbnTable;
  grant_sag: GrantSagTable;
  acl: AclTable;
  acl_rule: AclRuleTable;
  acl_instance: { instance_id: string; acl_id: string };
  tag: { object_id: string; key: string; value: string };
  diagnosis: { instance_id: string; at: number; report: string };
}

export interface AccessKeyTable {
  id: string;
  tenant_id: string;
  role: string;
  active: number;
  created_at: number;
}

/** A VPC: prefixes that an administrator declares as reachable, and the access points that reach them. */
export interface CloudNetworkTable {
  id: string;
  tenant_id: string;
  name: string;
  region: string;
  /** The instance whose own routes it contains, which only that instance reaches; null = an ordinary cloud network. */
  instance_id: string | null;
  created_at: number;
}

export interface CenTable {
  id: string;
  tenant_id: string;
  name: string;
  description: string;
  protection_level: string;
  is_default: number;
  created_at: number;
}

/** The attachment of a CCN or cloud network to a CEN; each can be attached to one only. */
export interface CenChildTable {
  child_id: string;
  cen_id: string;
  /** CCN | VPC. */
  child_type: string;
  attached_at: number;
  /** Of a CCN; "" = not given. */
  subnet: string;
}

export interface CenBandwidthPackageTable {
  id: string;
  tenant_id: string;
  name: string;
  description: string;
  /** Mbit/s. */
  bandwidth: number;
  area_a: string;
  area_b: string;
  charge_type: string;
  /** null = not associated. */
  cen_id: string | null;
  created_at: number;
}

export interface CenRegionLimitTable {
  cen_id: string;
  /** As the administrator wrote them, possibly with the prefix "ccn-"; in alphabetical order. */
  local_region: string;
  opposite_region: string;
  /** Mbit/s. */
  bandwidth: number;
  package_id: string;
}

/** Allows a CEN of another product account to attach the CCN. */
export interface GrantCbnTable {
  id: string;
  ccn_id: string;
  cen_id: string;
  cen_tenant_id: string;
  traffic_service: number;
  created_at: number;
  modified_at: number;
}

/** Allows a CCN of another product account to bind the instance. */
export interface GrantSagTable {
  id: string;
  instance_id: string;
  ccn_id: string;
  ccn_tenant_id: string;
  traffic_service: number;
  created_at: number;
}

export interface AclTable {
  id: string;
  tenant_id: string;
  region: string;
  name: string;
  type: string;
  created_at: number;
}

export interface AclRuleTable {
  id: string;
  acl_id: string;
  name: string;
  description: string;
  direction: string;
  policy: string;
  /** 1-100; the lowest wins. */
  priority: number;
  source_cidr: string;
  dest_cidr: string;
  source_ports: string;
  dest_ports: string;
  protocol: string;
  type: string;
  /** JSON arrays. */
  dpi_group_ids: string;
  dpi_signature_ids: string;
  created_at: number;
}

/** Columns that this part of the schema adds to instances. */
export interface InstanceAdminColumns {
  region: Generated<string>;
  description: Generated<string>;
  user_count: Generated<number>;
  /** GB per account and month. */
  data_plan: Generated<number>;
  /** End of the term, epoch ms; null = none. */
  end_time: Generated<number | null>;
  locked: Generated<number>;
  /** The CCN it is bound to; null = none. `ccn_id` is the CCN whose access points serve it. */
  bound_ccn_id: Generated<string | null>;
  position: Generated<string>;
  routing_strategy: Generated<string>;
  security_lock_threshold: Generated<number | null>;
  connection_audit: Generated<number>;
  /** Number of the preferred access point; null = none. */
  access_point_number: Generated<number | null>;
  /** Mbit/s in each direction, of all clients together; 0 = no limit. */
  bandwidth: Generated<number>;
}

export interface CcnAdminColumns {
  region: Generated<string>;
  description: Generated<string>;
  cidr_block: Generated<string>;
  snat_cidr_block: Generated<string>;
  interworking: Generated<string>;
  /** 1 = its creator marked it as default. Unlike is_default, this has no effect. */
  marked_default: Generated<number>;
}

export interface AccountAdminColumns {
  /** Kbit/s; 0 = not set. */
  accelerate_bandwidth: Generated<number>;
  /** Home instance of a roaming account's copy; null = not roaming. */
  roamed_from: Generated<string | null>;
  /** Its ACL, which comes before that of the instance; null = none. */
  acl_id: Generated<string | null>;
  /** Until when it may not connect, epoch ms; null = never banned. The past = the ban is over. */
  banned_until: Generated<number | null>;
  /** What its owner is told; "" = nothing. */
  ban_reason: Generated<string>;
}
