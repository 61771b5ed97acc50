/** A limit of the product that an administrator can raise (`sagctl quota set`). */
export interface Quota {
  /** What a value of it counts, for people. */
  what: string;
  value: number;
  /** Beyond this the product makes no sense, or we cannot keep our numbers. */
  most: number;
}

/** Where documents of the product contradict each other, the newer number; the older ones are in docs/administrators.md. */
export const quotas = {
  "instances-per-account": { what: "SAG instances of one account", value: 500, most: 100_000 },
  "ccns-per-account": { what: "Cloud Connect Networks of one account", value: 10, most: 10_000 },
  "cens-per-account": { what: "Cloud Enterprise Networks of one account", value: 10, most: 10_000 },
  "users-per-instance": { what: "client accounts that an instance can be bought for", value: 2_000, most: 1_000_000 },
  "cidrs-per-instance": { what: "private CIDR blocks of one instance", value: 10, most: 256 },
  "acls-per-account": { what: "access control lists of one account", value: 10, most: 10_000 },
  "rules-per-acl": { what: "rules of one access control list", value: 50, most: 10_000 },
  "users-per-flow-query": { what: "users of one DescribeUserFlowStatistics", value: 50, most: 50 },
  "bandwidth-per-user": { what: "Kbit/s of one client account", value: 20_000, most: 10_000_000 },
  "codes-per-account": { what: "enterprise codes of one account", value: 20, most: 10_000 },
  "networks-per-account": { what: "cloud networks of one account", value: 100, most: 10_000 },
} as const satisfies Record<string, Quota>;

export type QuotaName = keyof typeof quotas;

export function isQuota(name: string): name is QuotaName {
  return Object.hasOwn(quotas, name);
}
