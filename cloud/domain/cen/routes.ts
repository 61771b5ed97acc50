import type { Db } from "../../store/db.ts";
import { attachedPrefixes } from "../../store/queries/cen-children.ts";
import { cenAreaOf } from "../areas/regions.ts";
import { joinedAreas } from "./bandwidth.ts";

export interface CenRoute {
  cidr: string;
  networkId: string;
  region: string;
  /** Whether it reaches the region in question: the same area, or one joined by bandwidth. */
  carried: boolean;
}

/** Routes to the cloud networks of a CEN, as seen from a region. */
export async function networkRoutes(db: Db, cenId: string, region: string): Promise<CenRoute[]> {
  const rows = await attachedPrefixes(db, cenId);
  const joined = await joinedAreas(db, cenId);
  const here = cenAreaOf(region);
  return rows.map((row) => {
    const there = cenAreaOf(row.region);
    const carried =
      here === there || joined.some(([a, b]) => (a === here && b === there) || (a === there && b === here));
    return { cidr: row.cidr, networkId: row.id, region: row.region, carried };
  });
}
