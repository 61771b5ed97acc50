import type { Db } from "../../store/db.ts";
import { networkPage } from "../../store/queries/listings/networks.ts";
import type { Page, PageWish, Reader } from "../../store/queries/listings/pages.ts";
import { accessPointsOf, cidrsOf } from "./networks.ts";

/** A cloud network as its owner sees it. */
export interface NetworkView {
  id: string;
  name: string;
  region: string;
  cidrs: string[];
  /** Ids of access points that reach it; none = all. */
  accessPoints: string[];
  /** The CEN it is attached to; null = none. */
  cenId: string | null;
  /** The instance whose own routes it contains; null = an ordinary cloud network. */
  instanceId: string | null;
  /** Epoch ms. */
  createdAt: number;
}

export async function listNetworks(
  db: Db,
  reader: Reader,
  filter: { tenantId: string; region?: string | undefined },
  wish: PageWish,
): Promise<Page<NetworkView>> {
  const page = await networkPage(db, reader, filter, wish);
  const rows: NetworkView[] = [];
  for (const row of page.rows) {
    rows.push({
      id: row.id,
      name: row.name,
      region: row.region,
      cidrs: await cidrsOf(db, row.id),
      accessPoints: await accessPointsOf(db, row.id),
      cenId: row.cenId,
      instanceId: row.instanceId,
      createdAt: row.createdAt,
    });
  }
  return { ...page, rows };
}
