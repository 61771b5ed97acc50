import { commands } from "./commands.ts";
import { diagnosis } from "./diagnosis.ts";
import { forms } from "./forms.ts";
import { limits } from "./limits.ts";
import { quotas } from "./quotas.ts";
import { requests } from "./requests.ts";
import { rules } from "./rules/index.ts";

/** Messages of the cloud instance for administrators only. They are not in the bundles of the clients. */
export const admin = { ...rules, ...limits, ...commands, ...diagnosis, ...requests, ...forms, ...quotas };
