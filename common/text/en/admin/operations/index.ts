import { instanceOperations } from "./instances.ts";
import { networkOperations } from "./networks.ts";

/** One sentence for each operation of the admin API, by its name. docs/admin-api.md prints them. */
export const operationSummaries = { ...instanceOperations, ...networkOperations };
