import type { Db } from "../../store/db.ts";
import { boundTo, ccnGrantPage, ccnPage, instanceGrantPage } from "../../store/queries/listings/networks.ts";
import type { Page, PageWish, Reader } from "../../store/queries/listings/pages.ts";
import type { TagFilter } from "../../store/queries/listings/tags.ts";
import type { Ccn } from "../../store/shapes.ts";
import { type Tag, tagsOf } from "../tags.ts";
import type { Tenant } from "../tenants/tenants.ts";

/** A CCN as its owner sees it. */
export interface CcnView {
  id: string;
  name: string;
  description: string;
  region: string;
  /** "" = none is set. */
  cidrBlock: string;
  snatCidrBlock: string;
}

export interface ListedCcn extends CcnView {
  interworking: string;
  /** The default CCN of new instances, or one that its creator marked as default. */
  isDefault: boolean;
  /** Epoch ms. */
  createdAt: number;
  /** The CEN it is attached to; null = none. */
  cen: { id: string; ownerUid: number } | null;
  subnet: string;
  /** Number of bound instances, and how many of these are not locked. */
  instances: number;
  activeInstances: number;
  tags: Tag[];
}

export const viewCcn = (row: Ccn): CcnView => ({
  id: row.id,
  name: row.name,
  description: row.description,
  region: row.region,
  cidrBlock: row.cidrBlock,
  snatCidrBlock: row.snatCidrBlock,
});

export async function listCcns(
  db: Db,
  reader: Reader,
  filter: {
    tenantId: string;
    region?: string | undefined;
    id?: string | undefined;
    namePart?: string | undefined;
    having?: readonly TagFilter[] | undefined;
  },
  wish: PageWish,
): Promise<Page<ListedCcn>> {
  const page = await ccnPage(db, reader, filter, wish);
  const ids = page.rows.map((row) => row.id);
  const bound = await boundTo(db, ids);
  const tagged = await tagsOf(db, ids);
  const rows = page.rows.map((row): ListedCcn => {
    const own = bound.filter((instance) => instance.boundCcnId === row.id);
    return {
      ...viewCcn(row),
      interworking: row.interworking,
      isDefault: row.isDefault === 1 || row.markedDefault === 1,
      createdAt: row.createdAt,
      cen: row.cenId === null ? null : { id: row.cenId, ownerUid: row.cenUid ?? 0 },
      subnet: row.subnet ?? "",
      instances: own.length,
      activeInstances: own.filter((instance) => instance.locked === 0).length,
      tags: tagged.get(row.id) ?? [],
    };
  });
  return { ...page, rows };
}

/** A CCN granted to a CEN of another product account. */
export interface CcnGrantView {
  id: string;
  ccnId: string;
  /** Numbers of the two product accounts. */
  ccnUid: number;
  cenId: string;
  cenUid: number;
  region: string;
  /** Epoch ms. */
  createdAt: number;
  modifiedAt: number;
  trafficService: boolean;
}

export async function listCcnGrants(
  db: Db,
  reader: Reader,
  owner: Tenant,
  filter: { region?: string | undefined; ccnId?: string | undefined },
  wish: PageWish,
): Promise<Page<CcnGrantView>> {
  const page = await ccnGrantPage(db, reader, { ...filter, tenantId: owner.id }, wish);
  const rows = page.rows.map((row) => ({
    id: row.id,
    ccnId: row.ccnId,
    ccnUid: owner.uid,
    cenId: row.cenId,
    cenUid: row.uid ?? 0,
    region: row.region,
    createdAt: row.createdAt,
    modifiedAt: row.modifiedAt,
    trafficService: row.trafficService === 1,
  }));
  return { ...page, rows };
}

/** An instance granted to a CCN of another product account. */
export interface InstanceGrantView {
  id: string;
  instanceId: string;
  ccnId: string;
  ccnUid: number;
  /** Epoch ms. */
  createdAt: number;
  trafficService: boolean;
}

export async function listInstanceGrants(
  db: Db,
  reader: Reader,
  instanceId: string,
  wish: PageWish,
): Promise<Page<InstanceGrantView>> {
  const page = await instanceGrantPage(db, reader, instanceId, wish);
  const rows = page.rows.map((row) => ({
    id: row.id,
    instanceId: row.instanceId,
    ccnId: row.ccnId,
    ccnUid: row.uid ?? 0,
    createdAt: row.createdAt,
    trafficService: row.trafficService === 1,
  }));
  return { ...page, rows };
}
