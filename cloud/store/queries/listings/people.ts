import { sql } from "kysely";
import type { Db } from "../../db.ts";
import { query } from "../../kysely.ts";
import { nameKey } from "../../names.ts";
import * as shapes from "../../shapes.ts";
import { containing, type Page, type PageWish, pageOf, type Reader } from "./pages.ts";

export function accountPage(
  db: Db,
  reader: Reader,
  instanceId: string,
  filter: { userName?: string | undefined; mail?: string | undefined },
  wish: PageWish,
): Promise<Page<shapes.Account>> {
  let rows = query(db).selectFrom("account").select(shapes.account.columns).where("instance_id", "=", instanceId);
  if (filter.userName) rows = rows.where("name_key", "=", nameKey(filter.userName));
  if (filter.mail) rows = rows.where(sql<boolean>`lower(mail) = lower(${filter.mail})`);
  return pageOf(reader, rows, "account", wish);
}

export interface InstanceFilter {
  region?: string | undefined;
  /** The id must equal each of these; undefined entries are ignored. */
  ids?: readonly (string | undefined)[] | undefined;
  oneOf?: readonly string[] | undefined;
  namePart?: string | undefined;
  ccnId?: string | undefined;
  ccnName?: string | undefined;
  /** The CCN whose access points serve it, whether it is bound to it or not. */
  servingCcnId?: string | undefined;
  acls?: readonly string[] | undefined;
  withoutAcls?: readonly string[] | undefined;
  /** Whether it has a QoS policy. */
  withQos?: boolean | undefined;
  /** Whether its users can dial at this time (epoch ms). */
  usable?: { at: number; is: boolean } | undefined;
  /** Matches nothing. */
  none?: boolean | undefined;
}

export function instancePage(
  db: Db,
  reader: Reader,
  tenantId: string,
  filter: InstanceFilter,
  wish: PageWish,
): Promise<Page<shapes.Instance>> {
  let rows = query(db)
    .selectFrom("instance")
    .select(shapes.instance.columns)
    .where("instance.tenant_id", "=", tenantId);
  if (filter.region) rows = rows.where("instance.region", "=", filter.region);
  for (const id of filter.ids ?? []) if (id) rows = rows.where("instance.id", "=", id);
  if (filter.oneOf) rows = rows.where("instance.id", "in", filter.oneOf);
  if (filter.namePart) {
    rows = rows.where(containing("instance.name", filter.namePart));
  }
  if (filter.ccnId) rows = rows.where("instance.bound_ccn_id", "=", filter.ccnId);
  if (filter.servingCcnId) rows = rows.where("instance.ccn_id", "=", filter.servingCcnId);
  if (filter.ccnName !== undefined) {
    const named = query(db).selectFrom("ccn").select("id").where("name", "=", filter.ccnName);
    rows = rows.where("instance.bound_ccn_id", "in", named);
  }
  const having = (acls: readonly string[]) =>
    query(db).selectFrom("acl_instance").select("instance_id").where("acl_id", "in", acls);
  if (filter.acls) rows = rows.where("instance.id", "in", having(filter.acls));
  if (filter.withoutAcls) rows = rows.where("instance.id", "not in", having(filter.withoutAcls));
  if (filter.withQos !== undefined) {
    const having = query(db).selectFrom("qos_instance").select("instance_id");
    rows = rows.where("instance.id", filter.withQos ? "in" : "not in", having);
  }
  if (filter.usable) {
    const { at, is } = filter.usable;
    const down = sql<boolean>`(instance.locked = 1 or coalesce(instance.end_time, ${Number.MAX_SAFE_INTEGER}) <= ${at})`;
    rows = rows.where(is ? sql<boolean>`not ${down}` : down);
  }
  if (filter.none) rows = rows.where(sql<boolean>`false`);
  return pageOf(reader, rows, "instance", wish, ["instances", tenantId, { ...filter, usable: filter.usable?.is }]);
}

interface InstanceDetails {
  cidrs: string[];
  aclIds: string[];
  qosId: string | null;
  flowLogId: string | null;
  ccnName: string;
}

const noDetails = (): InstanceDetails => ({ cidrs: [], aclIds: [], qosId: null, flowLogId: null, ccnName: "" });

type DetailKind = "cidr" | "acl" | "qos" | "flow_log" | "ccn";

/**
 * Address blocks, ids of ACLs, QoS policy and flow log, and the CCN's name of each instance. One query for all five,
 * because a page of instances is read often and each query costs about 0.1 ms.
 */
export async function instanceDetails(db: Db, ids: readonly string[]): Promise<Map<string, InstanceDetails>> {
  const out = new Map(ids.map((id) => [id, noDetails()]));
  if (ids.length === 0) return out;
  const these = sql.join(ids);
  const { rows } = await sql<{ id: string; kind: DetailKind; value: string; place: number }>`
    select instance_id as id, 'cidr' as kind, cidr as value, position as place
      from instance_cidr where instance_id in (${these})
    union all select instance_id, 'acl', acl_id, 0 from acl_instance where instance_id in (${these})
    union all select instance_id, 'qos', qos_id, 0 from qos_instance where instance_id in (${these})
    union all select instance_id, 'flow_log', flow_log_id, 0 from flow_log_instance where instance_id in (${these})
    union all select instance.id, 'ccn', ccn.name, 0
      from instance inner join ccn on ccn.id = instance.bound_ccn_id where instance.id in (${these})
    order by place, value`.execute(query(db));
  for (const { id, kind, value } of rows) {
    const detail = out.get(id);
    if (detail) put(detail, kind, value);
  }
  return out;
}

function put(detail: InstanceDetails, kind: DetailKind, value: string): void {
  switch (kind) {
    case "cidr":
      detail.cidrs.push(value);
      break;
    case "acl":
      detail.aclIds.push(value);
      break;
    case "qos":
      detail.qosId = value;
      break;
    case "flow_log":
      detail.flowLogId = value;
      break;
    case "ccn":
      detail.ccnName = value;
      break;
  }
}

/** Unbound instances in these regions: those granted to a CCN, or the account's own. */
export function bindablePage(
  db: Db,
  reader: Reader,
  filter: {
    regions: readonly string[];
    grantedTo?: string | undefined;
    tenantId: string;
    id?: string | undefined;
    namePart?: string | undefined;
  },
  wish: PageWish,
): Promise<Page<{ id: string; name: string; createdAt: number; uid: number | null }>> {
  let rows = query(db)
    .selectFrom("instance")
    .innerJoin("tenant", "tenant.id", "instance.tenant_id")
    .select(["instance.id", "instance.name", "instance.created_at as createdAt", "tenant.uid"])
    .where("instance.bound_ccn_id", "is", null)
    .where("instance.region", "in", filter.regions);
  if (filter.grantedTo === undefined) rows = rows.where("instance.tenant_id", "=", filter.tenantId);
  else {
    const granted = query(db).selectFrom("grant_sag").select("instance_id").where("ccn_id", "=", filter.grantedTo);
    rows = rows.where("instance.id", "in", granted);
  }
  if (filter.id) rows = rows.where("instance.id", "=", filter.id);
  if (filter.namePart) {
    rows = rows.where(containing("instance.name", filter.namePart));
  }
  return pageOf(reader, rows, "instance", wish);
}

/** A running session. */
export interface RunningSession {
  id: string;
  /** Epoch ms. */
  startedAt: number;
}

/** Something with its running sessions. */
export interface WithSessions {
  /** The id of an instance, or the name of an account. */
  name: string;
  sessions: RunningSession[];
}

/** Groups rows by name, in their order; an `id` of null = it has no session. */
function grouped(rows: { name: string; id: string | null; startedAt: number | null }[]): WithSessions[] {
  return [...Map.groupBy(rows, ({ name }) => name)].map(([name, all]) => ({
    name,
    sessions: all.flatMap(({ id, startedAt }) => (id === null ? [] : { id, startedAt: startedAt ?? 0 })),
  }));
}

/** The running sessions of instances, by their ids. */
export async function sessionsByInstance(
  db: Db,
  filter: { tenantId: string; region: string; ids?: readonly string[] | undefined },
): Promise<WithSessions[]> {
  let rows = query(db)
    .selectFrom("instance")
    .leftJoin("session", (join) =>
      join.onRef("session.instance_id", "=", "instance.id").on("session.ended_at", "is", null),
    )
    .select(["instance.id as name", "session.id", "session.started_at as startedAt"])
    .where("instance.tenant_id", "=", filter.tenantId)
    .where("instance.region", "=", filter.region);
  if (filter.ids) rows = rows.where("instance.id", "in", filter.ids);
  return grouped(await rows.orderBy("instance.id").execute());
}

/** The running sessions of accounts, by their names; `names` as they are stored. */
export async function sessionsByAccount(
  db: Db,
  instanceId: string,
  names: readonly string[] | undefined,
): Promise<WithSessions[]> {
  let rows = query(db)
    .selectFrom("account")
    .leftJoin("session", (join) =>
      join.onRef("session.account_id", "=", "account.id").on("session.ended_at", "is", null),
    )
    .select(["account.user_name as name", "session.id", "session.started_at as startedAt"])
    .where("account.instance_id", "=", instanceId);
  if (names) rows = rows.where("account.user_name", "in", names);
  return grouped(await rows.orderBy("account.user_name").execute());
}

/** An account's running sessions, oldest first. */
export function sessionsOfAccount(db: Db, accountId: string): Promise<(RunningSession & { clientIp: string })[]> {
  return query(db)
    .selectFrom("session")
    .select(["id", "client_ip as clientIp", "started_at as startedAt"])
    .where("account_id", "=", accountId)
    .where("ended_at", "is", null)
    .orderBy("started_at")
    .execute();
}

/** Bytes by user name in this range of days (yyyy-mm-dd). */
export async function trafficByUser(
  db: Db,
  instanceId: string,
  days: { from: string; to: string },
): Promise<Map<string, { rx: number; tx: number }>> {
  const rows = query(db)
    .selectFrom("traffic_day")
    .select((e) => ["user_name", e.fn.sum<number>("rx_bytes").as("rx"), e.fn.sum<number>("tx_bytes").as("tx")])
    .where("instance_id", "=", instanceId)
    .where("day", ">=", days.from)
    .where("day", "<=", days.to);
  const all = await rows.groupBy("user_name").execute();
  return new Map(all.map((row) => [row.user_name, { rx: Number(row.rx), tx: Number(row.tx) }]));
}

/** How many of an account's instances each CCN serves, by whether they are locked. */
export async function countServed(db: Db, tenantId: string): Promise<(ccnId: string, locked: boolean) => number> {
  const rows = await query(db)
    .selectFrom("instance")
    .select((e) => ["ccn_id", "locked", e.fn.countAll<number>().as("count")])
    .where("tenant_id", "=", tenantId)
    .groupBy(["ccn_id", "locked"])
    .execute();
  return (ccnId, locked) =>
    Number(rows.find((row) => row.ccn_id === ccnId && row.locked === Number(locked))?.count ?? 0);
}

/** An account's enterprise codes after `after` in ascending order, and the total number. */
export async function codePage(
  db: Db,
  tenantId: string,
  filter: { code?: string | undefined; isDefault?: boolean | undefined; after?: string | undefined },
  limit: number,
): Promise<{ rows: shapes.EnterpriseCode[]; total: number }> {
  let rows = query(db)
    .selectFrom("enterprise_code")
    .select(shapes.enterpriseCode.columns)
    .where("tenant_id", "=", tenantId);
  if (filter.code) rows = rows.where("code", "=", filter.code.toUpperCase());
  if (filter.isDefault !== undefined) rows = rows.where("is_default", "=", Number(filter.isDefault));
  const { total } = await rows
    .clearSelect()
    .select((e) => e.fn.countAll<number>().as("total"))
    .executeTakeFirstOrThrow();
  if (filter.after !== undefined) rows = rows.where("code", ">", filter.after);
  return { rows: await rows.orderBy("code").limit(limit).execute(), total: Number(total) };
}
