import type { Kysely } from "kysely";
import type { Schema } from "../../store/schema.ts";
import { cenAreaOf } from "../areas/regions.ts";
import { joinedAreas } from "./bandwidth.ts";

export interface CenRoute {
  cidr: string;
  networkId: string;
  region: string;
  /** Reaches the region it was asked for: the same area, or one that bandwidth joins with it. */
  carried: boolean;
}

/** What a CEN knows of its cloud networks, seen from a region. */
export async function networkRoutes(db: Kysely<Schema>, cenId: string, region: string): Promise<CenRoute[]> {
  const rows = await db
    .selectFrom("cen_child")
    .innerJoin("cloud_network", "cloud_network.id", "cen_child.child_id")
    .innerJoin("cloud_network_cidr", "cloud_network_cidr.network_id", "cloud_network.id")
    .select(["cloud_network.id", "cloud_network.region", "cloud_network_cidr.cidr"])
    .where("cen_child.cen_id", "=", cenId)
    .orderBy("cloud_network.created_at")
    .orderBy("cloud_network.id")
    .orderBy("cloud_network_cidr.position")
    .execute();
  const joined = await joinedAreas(db, cenId);
  const here = cenAreaOf(region);
  return rows.map((row) => {
    const there = cenAreaOf(row.region);
    const carried =
      here === there || joined.some(([a, b]) => (a === here && b === there) || (a === there && b === here));
    return { cidr: row.cidr, networkId: row.id, region: row.region, carried };
  });
}
