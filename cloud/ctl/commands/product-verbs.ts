import type { Verb } from "./verb.ts";
import { networkVerbs } from "./verbs-networks.ts";
import { operatingVerbs } from "./verbs-operating.ts";
import { peopleVerbs } from "./verbs-people.ts";

/** The verbs of sagctl that are operations of the product. */
export const verbs: readonly Verb[] = [...operatingVerbs, ...networkVerbs, ...peopleVerbs];
