import { accessRules } from "./access.ts";
import { accountRules } from "./accounts.ts";
import { instanceRules } from "./instances.ts";
import { networkRules } from "./networks.ts";
import { trafficRules } from "./traffic.ts";

/** Messages about requests that break a rule: one for each rule of cloud/domain/rules, by its name. */
export const rules = { ...accountRules, ...instanceRules, ...networkRules, ...trafficRules, ...accessRules };
