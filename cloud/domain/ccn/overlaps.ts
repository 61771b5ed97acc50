import { overlaps, parseCidr } from "../../base/ip.ts";
import type { Db } from "../../store/db.ts";
import { cidrsOfInstance, neighbourCidrs } from "../../store/queries/instances.ts";
import { violation } from "../rules.ts";

/**
 * Two accounts on one CCN must not use the same addresses: neither could see, nor fix, what the other one has. Within one account
 * instances may share a block. `cidrs` undefined = those the instance has.
 */
export async function requireNoForeignOverlap(
  db: Db,
  instance: { id: string; tenant_id: string },
  ccnId: string,
  cidrs?: readonly string[],
): Promise<void> {
  const neighbours = await neighbourCidrs(db, ccnId, instance.id);
  const foreign = neighbours
    .filter((one) => one.tenant_id !== instance.tenant_id)
    .flatMap((one) => parseCidr(one.cidr) ?? []);
  for (const cidr of cidrs ?? (await cidrsOfInstance(db, instance.id))) {
    const own = parseCidr(cidr);
    if (own && foreign.some((other) => overlaps(own, other))) throw violation("bind-overlap", { cidr });
  }
}
