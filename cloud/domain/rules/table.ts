import type { rules } from "../../../common/text/en/admin/rules/index.ts";
import { accessRules } from "./access.ts";
import { accountRules } from "./accounts.ts";
import { instanceRules } from "./instances.ts";
import { networkRules } from "./networks.ts";
import type { RuleRow } from "./row.ts";
import { trafficRules } from "./traffic.ts";

export type RuleName = keyof typeof rules;

/** All rules that an administrator's command can break, for both the published API and sagctl. */
export const rulesTable: Record<RuleName, RuleRow> = {
  ...accountRules,
  ...instanceRules,
  ...networkRules,
  ...trafficRules,
  ...accessRules,
};
