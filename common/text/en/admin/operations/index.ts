import { instanceOperations } from "./instances.ts";
import { networkOperations } from "./networks.ts";
import { trafficOperations } from "./traffic.ts";

/** One sentence for each operation of the admin API, by its name, for docs/admin-api.md. */
export const operationSummaries = { ...instanceOperations, ...networkOperations, ...trafficOperations };
