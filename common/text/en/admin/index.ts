import { commands } from "./commands.ts";
import { diagnosis } from "./diagnosis.ts";
import { forms } from "./forms.ts";
import { limits } from "./limits.ts";
import { quotas } from "./quotas.ts";
import { requests } from "./requests.ts";
import { rules } from "./rules/index.ts";

/** What the cloud instance tells administrators. No client shows these, so they are in no client's bundle. */
export const admin = { ...rules, ...limits, ...commands, ...diagnosis, ...requests, ...forms, ...quotas };
