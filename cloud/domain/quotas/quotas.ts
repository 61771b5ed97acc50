import { type Message, say } from "../../base/say.ts";

/** A quota, which an operator can change with `sagctl quota set`. */
export interface Quota {
  value: number;
  /** Upper bound for `sagctl quota set`. */
  most: number;
}

/** Where the product's documents contradict each other, this is the newer number; the older ones are in docs/administrators.md. */
export const quotas = {
  "instances-per-account": { value: 500, most: 100_000 },
  "ccns-per-account": { value: 10, most: 10_000 },
  "cens-per-account": { value: 10, most: 10_000 },
  "users-per-instance": { value: 2_000, most: 1_000_000 },
  "cidrs-per-instance": { value: 10, most: 256 },
  "acls-per-account": { value: 10, most: 10_000 },
  "rules-per-acl": { value: 50, most: 1_000 },
  "qos-per-account": { value: 10, most: 10_000 },
  "cars-per-qos": { value: 3, most: 100 },
  "policies-per-qos-priority": { value: 50, most: 10_000 },
  "flow-logs-per-account": { value: 10, most: 10_000 },
  "users-per-flow-query": { value: 50, most: 50 },
  "bandwidth-per-user": { value: 20_000, most: 10_000_000 },
  "codes-per-account": { value: 20, most: 10_000 },
  "networks-per-account": { value: 100, most: 10_000 },
} as const satisfies Record<string, Quota>;

export type QuotaName = keyof typeof quotas;

/** Description of what a quota limits. */
export const quotaCounts = (name: QuotaName): Message => say(`quota_${name}`);

export function isQuota(name: string): name is QuotaName {
  return Object.hasOwn(quotas, name);
}
