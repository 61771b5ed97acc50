import type { productVersions } from "../../api/admin/rpc/protocol/operation.ts";

export type Product = keyof typeof productVersions;

/** One verb that is one operation of the admin API. */
export interface Verb {
  /** Words as they are typed, then the parameters that stand in place: "ccn create <Name>". */
  usage: string;
  what: string;
  product: Product;
  action: string;
  /** Option → parameter; a name that ends in [] may be given several times. */
  options?: Record<string, string>;
  /** Parameters that are always sent. */
  fixed?: Record<string, string>;
  /** It wants a region: --region, else the default one. */
  region?: boolean;
}
