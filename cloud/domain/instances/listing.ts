import type { Db } from "../../store/db.ts";
import type { Page, PageWish, Reader } from "../../store/queries/listings/pages.ts";
import { type InstanceFilter, instanceDetails, instancePage } from "../../store/queries/listings/people.ts";
import type { Instance } from "../../store/shapes.ts";
import type { Context } from "../context.ts";

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
  /** Ids of its QoS policy and its flow log; null = none. */
  qos: string | null;
  flowLog: string | null;
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
  /** Mbit/s; 0 = no limit. */
  bandwidth: number;
}

/** Whether the instance's users can dial at `now` (epoch ms). */
export const isUsable = (row: Instance, now: number): boolean =>
  row.locked !== 1 && (row.endTime === null || row.endTime > now);

export async function describeInstances(
  context: Context,
  db: Db,
  rows: readonly Instance[],
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
      enterpriseCode: row.enterpriseCode,
      usable,
      locked: row.locked === 1,
      served: usable && row.boundCcnId !== null && context.accessPoints.offered(row.ccnId).length > 0,
      cidrs: detail?.cidrs ?? [],
      acls: detail?.aclIds ?? [],
      qos: detail?.qosId ?? null,
      flowLog: detail?.flowLogId ?? null,
      ccn: row.boundCcnId === null ? null : { id: row.boundCcnId, name: detail?.ccnName ?? "" },
      createdAt: row.createdAt,
      endTime: row.endTime,
      userCount: row.userCount,
      dataPlan: row.dataPlan,
      connectionAudit: row.connectionAudit === 1,
      routingStrategy: row.routingStrategy,
      position: row.position,
      securityLockThreshold: row.securityLockThreshold,
      accessPoint: row.accessPointNumber,
      bandwidth: row.bandwidth,
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
