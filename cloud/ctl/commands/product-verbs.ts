import type { Verb } from "./verb.ts";
import { networkVerbs } from "./verbs-networks.ts";
import { operatingVerbs } from "./verbs-operating.ts";
import { peopleVerbs } from "./verbs-people.ts";
import { trafficVerbs } from "./verbs-traffic.ts";

/** Verbs of sagctl that map one to one to commands of the server. */
export const verbs: readonly Verb[] = [...operatingVerbs, ...networkVerbs, ...peopleVerbs, ...trafficVerbs];
