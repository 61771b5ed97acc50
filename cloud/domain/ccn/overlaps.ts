import { overlaps, parseCidr } from "../../base/ip.ts";
import type { Db } from "../../store/db.ts";
import { cidrsOfInstance, neighbourCidrs } from "../../store/queries/instances.ts";
import { violation } from "../rules.ts";

/**
 * Refuses address blocks that overlap those of another product account on the same CCN, since neither account could see or fix the
 * conflict. Instances of one account may share a block. `cidrs` undefined = the instance's current blocks.
 */
export async function requireNoForeignOverlap(
  db: Db,
  instance: { id: string; tenantId: string },
  ccnId: string,
  cidrs?: readonly string[],
): Promise<void> {
  const neighbours = await neighbourCidrs(db, ccnId, instance.id);
  const foreign = neighbours
    .filter((one) => one.tenantId !== instance.tenantId)
    .flatMap((one) => parseCidr(one.cidr) ?? []);
  for (const cidr of cidrs ?? (await cidrsOfInstance(db, instance.id))) {
    const own = parseCidr(cidr);
    if (own && foreign.some((other) => overlaps(own, other))) throw violation("bind-overlap", { cidr });
  }
}
