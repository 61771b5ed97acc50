import type { Operation } from "../operation.ts";
import { accountOperations } from "./accounts.ts";
import { instanceOperations } from "./instances.ts";
import { operatingOperations } from "./operating.ts";
import { productOperations } from "./product.ts";

/** What sagctl can ask for, by name. */
export const localOperations: ReadonlyMap<string, Operation> = new Map(
  [...instanceOperations, ...accountOperations, ...operatingOperations, ...productOperations].map((op) => [
    op.name,
    op,
  ]),
);
