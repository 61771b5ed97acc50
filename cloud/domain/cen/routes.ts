import type { Db } from "../../store/db.ts";
import { attachedPrefixes } from "../../store/queries/cen-children.ts";
import { type Page, type PageWish, pageOfRows, type Reader } from "../../store/queries/listings/pages.ts";
import { cenAreaOf } from "../areas/regions.ts";
import { conflictsOf, type Prefix } from "../networks/overlaps.ts";
import { joinedAreas } from "./bandwidth.ts";

interface RegionalPrefix extends Prefix {
  region: string;
}

export interface CenRoute extends RegionalPrefix {
  /** Whether it reaches the region in question: the same area, or one joined by bandwidth. */
  carried: boolean;
  /** Prefixes of other networks in the CEN that overlap it. */
  conflicts: RegionalPrefix[];
}

/** Routes to the cloud networks of a CEN as seen from a region: all, or only those that reach it or do not. */
export async function listRoutes(
  db: Db,
  reader: Reader,
  cenId: string,
  filter: { seenFrom: string; carried?: boolean | undefined; none?: boolean | undefined },
  wish: PageWish,
): Promise<Page<CenRoute>> {
  const all = await attachedPrefixes(db, cenId);
  const joined = await joinedAreas(db, cenId);
  const here = cenAreaOf(filter.seenFrom);
  const routes = all.map((prefix) => {
    const there = cenAreaOf(prefix.region);
    const carried =
      here === there || joined.some(([a, b]) => (a === here && b === there) || (a === there && b === here));
    return { ...prefix, carried };
  });
  const wanted = routes.filter(({ carried }) => !filter.none && carried === (filter.carried ?? carried));
  // The position of a prefix is no order to page by, because it changes when an earlier prefix is removed.
  const page = pageOfRows(reader, ["cen routes", cenId, filter], wanted, ["createdAt", "networkId", "cidr"], wish);
  return { ...page, rows: page.rows.map((route) => ({ ...route, conflicts: conflictsOf(route, all) })) };
}
