import { type Message, say } from "../../base/say.ts";
import type { Db } from "../../store/db.ts";
import { networksInReach } from "../../store/queries/chains.ts";
import { cidrsOfInstance, fixedAddresses } from "../../store/queries/instances.ts";
import { listed } from "../instances/own.ts";
import { clash, conflictsOf } from "../networks/overlaps.ts";
import type { Chain } from "./chain.ts";

export interface AddressOverlap {
  cidr: string;
  said: Message;
}

/** Overlaps of routed prefixes with the addresses of the instance's clients, and of networks in its CEN with one another. */
export async function addressOverlaps(
  db: Db,
  instance: { id: string; tenantId: string },
  { hops, routes }: Chain,
): Promise<AddressOverlap[]> {
  const cen = hops.find((hop) => hop.kind === "cen" && hop.missing === null)?.id ?? null;
  const networks = await networksInReach(db, instance, cen);
  const prefixes = networks.flatMap(({ id, name, cenId, cidrs }) =>
    cidrs.map((cidr) => ({ networkId: id, name, cenId, cidr })),
  );
  const blocks = await cidrsOfInstance(db, instance.id);
  const fixed = await fixedAddresses(db, instance.id);
  const withClients = prefixes.flatMap(({ name, cidr }): AddressOverlap[] => {
    if (!routes.includes(cidr)) return [];
    const ranges = [
      ...blocks.filter((block) => clash(block, cidr)),
      ...fixed.filter(({ address }) => clash(address, cidr)).map(({ user, address }) => `${address} (${user})`),
    ];
    if (ranges.length === 0) return [];
    return [{ cidr, said: say("found_client_overlap", { prefix: cidr, network: name, ranges: listed(ranges) }) }];
  });
  const attached = prefixes.filter(({ cenId }) => cenId !== null && cenId === cen);
  const withNetworks = attached.flatMap((one, i) =>
    conflictsOf(one, attached.slice(i + 1)).map((other): AddressOverlap => {
      const names = { prefix: one.cidr, network: one.name, with: other.cidr, other: other.name };
      return { cidr: one.cidr, said: say("found_network_overlap", names) };
    }),
  );
  return [...withClients, ...withNetworks];
}
