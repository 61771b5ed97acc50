import type { Verb } from "./verb.ts";

/** Who owns what, and what the product sells. */
export const operatingVerbs: readonly Verb[] = [
  {
    usage: "tenant create <Name>",
    what: "make another account of the product",
    product: "sag",
    action: "CreateTenant",
  },
  { usage: "tenant list", what: "the accounts of the product", product: "sag", action: "DescribeTenants" },
  {
    usage: "access-key create",
    what: "make a key for the admin API; its secret is told this once",
    product: "sag",
    action: "CreateAccessKey",
    options: { "--role <administrator|read-only|accounts-only>": "Role" },
  },
  { usage: "access-key list", what: "keys, without their secrets", product: "sag", action: "DescribeAccessKeys" },
  {
    usage: "access-key disable <KeyId>",
    what: "refuse what it signs",
    product: "sag",
    action: "UpdateAccessKey",
    fixed: { Active: "false" },
  },
  {
    usage: "access-key enable <KeyId>",
    what: "take it again",
    product: "sag",
    action: "UpdateAccessKey",
    fixed: { Active: "true" },
  },
  { usage: "access-key delete <KeyId>", what: "delete it", product: "sag", action: "DeleteAccessKey" },
  { usage: "quota list", what: "limits of an account of the product", product: "sag", action: "DescribeQuotas" },
  { usage: "quota set <Name> <Value>", what: "raise or lower one", product: "sag", action: "SetQuota" },
  {
    usage: "instance order",
    what: "an instance as the product sells it: with a term, bound to nothing yet",
    product: "smartag",
    action: "CreateSmartAccessGatewaySoftware",
    options: { "--users <n>": "UserCount", "--months <n>": "Period" },
    fixed: { ChargeType: "PREPAY", DataPlan: "5", AutoPay: "true", UserCount: "5", Period: "1" },
    region: true,
  },
  {
    usage: "instance renew <SmartAGId> <Period>",
    what: "move its end so many months on",
    product: "sag",
    action: "RenewInstance",
  },
  {
    usage: "instance lock <SmartAGId>",
    what: "cut off all of its users",
    product: "sag",
    action: "SetInstanceLock",
    fixed: { Locked: "true" },
  },
  {
    usage: "instance unlock <SmartAGId>",
    what: "let them dial again",
    product: "sag",
    action: "SetInstanceLock",
    fixed: { Locked: "false" },
  },
  {
    usage: "instance hops <SmartAGId>",
    what: "the chain to its cloud networks, and what is missing",
    product: "sag",
    action: "DescribeHops",
  },
];
