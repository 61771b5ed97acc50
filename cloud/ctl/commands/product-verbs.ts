import type { Verb } from "./verb.ts";
import { networkVerbs } from "./verbs-networks.ts";
import { operatingVerbs } from "./verbs-operating.ts";
import { peopleVerbs } from "./verbs-people.ts";

/** The verbs of sagctl that are operations of the product. */
export const verbs: readonly Verb[] = [...operatingVerbs, ...networkVerbs, ...peopleVerbs];

/** What the objects of the verbs are. */
export const nouns: Record<string, string> = {
  tenant: "accounts of the product: owners of instances, networks and keys",
  "access-key": "keys that sign requests to the admin API",
  quota: "limits that can be raised",
  ccn: "Cloud Connect Networks",
  cen: "Cloud Enterprise Networks",
  network: "cloud networks: what can be reached, and through which access points",
  acl: "access control lists",
  code: "enterprise codes",
};
