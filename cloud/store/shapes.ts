import { type Shaped, shape } from "./shape.ts";

// The objects of the tables as everything outside of cloud/store has them: a renamed column is renamed here, in the schema and in the
// queries, and nowhere else. The schema has each column's unit and range.

export const account = shape("account", {
  id: "id",
  instanceId: "instance_id",
  userName: "user_name",
  nameKey: "name_key",
  mail: "mail",
  passwordHash: "password_hash",
  mustChange: "must_change",
  disabled: "disabled",
  bandwidth: "bandwidth",
  clientIp: "client_ip",
  createdAt: "created_at",
  accelerateBandwidth: "accelerate_bandwidth",
  roamedFrom: "roamed_from",
  aclId: "acl_id",
  bannedUntil: "banned_until",
  banReason: "ban_reason",
});
export type Account = Shaped<typeof account>;

export const instance = shape("instance", {
  id: "id",
  tenantId: "tenant_id",
  name: "name",
  enterpriseCode: "enterprise_code",
  ccnId: "ccn_id",
  fullTunnel: "full_tunnel",
  lockdown: "lockdown",
  leaseSeconds: "lease_seconds",
  signInSeconds: "sign_in_seconds",
  devicesPerAccount: "devices_per_account",
  secondFactorRequired: "second_factor_required",
  createdAt: "created_at",
  region: "region",
  description: "description",
  userCount: "user_count",
  dataPlan: "data_plan",
  endTime: "end_time",
  locked: "locked",
  boundCcnId: "bound_ccn_id",
  position: "position",
  routingStrategy: "routing_strategy",
  securityLockThreshold: "security_lock_threshold",
  connectionAudit: "connection_audit",
  accessPointNumber: "access_point_number",
  bandwidth: "bandwidth",
});
export type Instance = Shaped<typeof instance>;

export const ccn = shape("ccn", {
  id: "id",
  tenantId: "tenant_id",
  name: "name",
  isDefault: "is_default",
  createdAt: "created_at",
  region: "region",
  description: "description",
  cidrBlock: "cidr_block",
  snatCidrBlock: "snat_cidr_block",
  interworking: "interworking",
  markedDefault: "marked_default",
});
export type Ccn = Shaped<typeof ccn>;

export const cen = shape("cen", {
  id: "id",
  tenantId: "tenant_id",
  name: "name",
  description: "description",
  protectionLevel: "protection_level",
  isDefault: "is_default",
  createdAt: "created_at",
});
export type Cen = Shaped<typeof cen>;

export const cenChild = shape("cen_child", {
  childId: "child_id",
  cenId: "cen_id",
  childType: "child_type",
  attachedAt: "attached_at",
  subnet: "subnet",
});
export type CenChild = Shaped<typeof cenChild>;

export const bandwidthPackage = shape("cen_bandwidth_package", {
  id: "id",
  tenantId: "tenant_id",
  name: "name",
  description: "description",
  bandwidth: "bandwidth",
  areaA: "area_a",
  areaB: "area_b",
  chargeType: "charge_type",
  cenId: "cen_id",
  createdAt: "created_at",
});
export type BandwidthPackage = Shaped<typeof bandwidthPackage>;

export const regionLimit = shape("cen_region_limit", {
  cenId: "cen_id",
  localRegion: "local_region",
  oppositeRegion: "opposite_region",
  bandwidth: "bandwidth",
  packageId: "package_id",
});
export type RegionLimit = Shaped<typeof regionLimit>;

export const ccnGrant = shape("grant_cbn", {
  id: "id",
  ccnId: "ccn_id",
  cenId: "cen_id",
  cenTenantId: "cen_tenant_id",
  trafficService: "traffic_service",
  createdAt: "created_at",
  modifiedAt: "modified_at",
});
export type CcnGrant = Shaped<typeof ccnGrant>;

export const instanceGrant = shape("grant_sag", {
  id: "id",
  instanceId: "instance_id",
  ccnId: "ccn_id",
  ccnTenantId: "ccn_tenant_id",
  trafficService: "traffic_service",
  createdAt: "created_at",
});
export type InstanceGrant = Shaped<typeof instanceGrant>;

export const cloudNetwork = shape("cloud_network", {
  id: "id",
  tenantId: "tenant_id",
  name: "name",
  region: "region",
  instanceId: "instance_id",
  createdAt: "created_at",
});
export type CloudNetwork = Shaped<typeof cloudNetwork>;

export const acl = shape("acl", {
  id: "id",
  tenantId: "tenant_id",
  region: "region",
  name: "name",
  type: "type",
  createdAt: "created_at",
});
export type Acl = Shaped<typeof acl>;

export const aclRule = shape("acl_rule", {
  id: "id",
  aclId: "acl_id",
  name: "name",
  description: "description",
  direction: "direction",
  policy: "policy",
  priority: "priority",
  sourceCidr: "source_cidr",
  destCidr: "dest_cidr",
  sourcePorts: "source_ports",
  destPorts: "dest_ports",
  protocol: "protocol",
  type: "type",
  dpiGroupIds: "dpi_group_ids",
  dpiSignatureIds: "dpi_signature_ids",
  createdAt: "created_at",
});
export type AclRule = Shaped<typeof aclRule>;

export const enterpriseCode = shape("enterprise_code", {
  code: "code",
  tenantId: "tenant_id",
  isDefault: "is_default",
  createdAt: "created_at",
});
export type EnterpriseCode = Shaped<typeof enterpriseCode>;

export const device = shape("device", {
  accountId: "account_id",
  id: "id",
  name: "name",
  platform: "platform",
  firstSeenAt: "first_seen_at",
  lastSeenAt: "last_seen_at",
});
export type Device = Shaped<typeof device>;

export const session = shape("session", {
  id: "id",
  accountId: "account_id",
  instanceId: "instance_id",
  ccnId: "ccn_id",
  deviceId: "device_id",
  deviceName: "device_name",
  signInId: "sign_in_id",
  mode: "mode",
  publicKey: "public_key",
  tokenHash: "token_hash",
  clientIp: "client_ip",
  clientIp6: "client_ip6",
  incarnation: "incarnation",
  chosenAccessPoint: "chosen_access_point",
  startedAt: "started_at",
  renewedAt: "renewed_at",
  leaseUntil: "lease_until",
  endedAt: "ended_at",
  endedCause: "ended_cause",
  endedText: "ended_text",
  endedReason: "ended_reason",
});
export type Session = Shaped<typeof session>;

export const address = shape("address", {
  ccnId: "ccn_id",
  ip: "ip",
  ip6: "ip6",
  instanceId: "instance_id",
  deviceId: "device_id",
  sessionId: "session_id",
  heldUntil: "held_until",
  blockedUntil: "blocked_until",
});
export type Address = Shaped<typeof address>;

export const accessPoint = shape("access_point", {
  id: "id",
  ccnId: "ccn_id",
  name: "name",
  number: "number",
  identityHash: "identity_hash",
  publicKey: "public_key",
  endpoints: "endpoints",
  mode: "mode",
  region: "region",
  online: "online",
  createdAt: "created_at",
  lastSeenAt: "last_seen_at",
  registeredWith: "registered_with",
});
export type AccessPoint = Shaped<typeof accessPoint>;

export const accessPointToken = shape("access_point_token", {
  id: "id",
  ccnId: "ccn_id",
  tokenHash: "token_hash",
  usesLeft: "uses_left",
  expiresAt: "expires_at",
  createdAt: "created_at",
});
export type AccessPointToken = Shaped<typeof accessPointToken>;

export const resource = shape("resource", {
  instanceId: "instance_id",
  name: "name",
  kind: "kind",
  address: "address",
  position: "position",
});
export type Resource = Shaped<typeof resource>;

export const secondFactor = shape("second_factor", {
  accountId: "account_id",
  secret: "secret",
  lastStep: "last_step",
  pendingSecret: "pending_secret",
  pendingUntil: "pending_until",
});
export type SecondFactor = Shaped<typeof secondFactor>;

export const passwordCode = shape("password_code", {
  enterpriseCode: "enterprise_code",
  userName: "user_name",
  deviceId: "device_id",
  codeHash: "code_hash",
  triesLeft: "tries_left",
  madeAt: "made_at",
  expiresAt: "expires_at",
});
export type PasswordCode = Shaped<typeof passwordCode>;

export const auditRecord = shape("audit", {
  id: "id",
  at: "at",
  actor: "actor",
  action: "action",
  target: "target",
  userName: "user_name",
  before: "before",
  after: "after",
});
export type AuditRecord = Shaped<typeof auditRecord>;
