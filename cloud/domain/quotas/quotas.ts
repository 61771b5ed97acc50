import { type Message, say } from "../../base/say.ts";

/** A limit of the product that an administrator can raise (`sagctl quota set`). */
export interface Quota {
  value: number;
  /** Beyond this the product makes no sense, or we cannot keep our numbers. */
  most: number;
}

/** Where documents of the product contradict each other, the newer number; the older ones are in docs/administrators.md. */
export const quotas = {
  "instances-per-account": { value: 500, most: 100_000 },
  "ccns-per-account": { value: 10, most: 10_000 },
  "cens-per-account": { value: 10, most: 10_000 },
  "users-per-instance": { value: 2_000, most: 1_000_000 },
  "cidrs-per-instance": { value: 10, most: 256 },
  "acls-per-account": { value: 10, most: 10_000 },
  "rules-per-acl": { value: 50, most: 10_000 },
  "users-per-flow-query": { value: 50, most: 50 },
  "bandwidth-per-user": { value: 20_000, most: 10_000_000 },
  "codes-per-account": { value: 20, most: 10_000 },
  "networks-per-account": { value: 100, most: 10_000 },
} as const satisfies Record<string, Quota>;

export type QuotaName = keyof typeof quotas;

/** What a value of a quota counts. */
export const quotaCounts = (name: QuotaName): Message => say(`quota_${name}`);

export function isQuota(name: string): name is QuotaName {
  return Object.hasOwn(quotas, name);
}
