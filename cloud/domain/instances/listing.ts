import type { Db } from "../../store/db.ts";
import type { Page, PageWish, Reader } from "../../store/queries/listings/pages.ts";
import { type InstanceFilter, instanceDetails, instancePage } from "../../store/queries/listings/people.ts";
import type { Context } from "../context.ts";
import type { InstanceRow } from "./own.ts";

/** An instance as the published API describes it. */
export interface DescribedInstance {
  id: string;
  name: string;
  description: string;
  enterpriseCode: string;
  /** Its users can dial: it is not locked and its term is not over. */
  usable: boolean;
  locked: boolean;
  /** Its clients get a tunnel: it is usable, bound, and has an access point. */
  served: boolean;
  cidrs: string[];
  /** Ids of its access control lists. */
  acls: string[];
  /** The CCN it is bound to; null = none. */
  ccn: { id: string; name: string } | null;
  /** Epoch ms. */
  createdAt: number;
  /** Epoch ms; null = no term. */
  endTime: number | null;
  userCount: number;
  /** GB per account and month. */
  dataPlan: number;
  connectionAudit: boolean;
  routingStrategy: string;
  position: string;
  securityLockThreshold: number | null;
  /** Number of the preferred access point; null = none. */
  accessPoint: number | null;
}

/** Whether the instance's users can dial at `now` (epoch ms). */
export const isUsable = (row: InstanceRow, now: number): boolean =>
  row.locked !== 1 && (row.end_time === null || row.end_time > now);

export async function describeInstances(
  context: Context,
  db: Db,
  rows: readonly InstanceRow[],
): Promise<DescribedInstance[]> {
  const now = context.clock.now();
  const details = await instanceDetails(
    db,
    rows.map((row) => row.id),
  );
  return rows.map((row) => {
    const detail = details.get(row.id);
    const usable = isUsable(row, now);
    return {
      id: row.id,
      name: row.name,
      description: row.description,
      enterpriseCode: row.enterprise_code,
      usable,
      locked: row.locked === 1,
      served: usable && row.bound_ccn_id !== null && context.accessPoints.offered(row.ccn_id).length > 0,
      cidrs: detail?.cidrs ?? [],
      acls: detail?.aclIds ?? [],
      ccn: row.bound_ccn_id === null ? null : { id: row.bound_ccn_id, name: detail?.ccnName ?? "" },
      createdAt: row.created_at,
      endTime: row.end_time,
      userCount: row.user_count,
      dataPlan: row.data_plan,
      connectionAudit: row.connection_audit === 1,
      routingStrategy: row.routing_strategy,
      position: row.position,
      securityLockThreshold: row.security_lock_threshold,
      accessPoint: row.access_point_number,
    };
  });
}

export async function searchInstances(
  context: Context,
  db: Db,
  reader: Reader,
  tenantId: string,
  filter: Omit<InstanceFilter, "usable"> & { usable?: boolean | undefined },
  wish: PageWish,
): Promise<Page<DescribedInstance>> {
  const usable = filter.usable === undefined ? undefined : { at: context.clock.now(), is: filter.usable };
  const page = await instancePage(db, reader, tenantId, { ...filter, usable }, wish);
  return { ...page, rows: await describeInstances(context, db, page.rows) };
}
