import type { Administration } from "../../../../domain/change.ts";
import type { Tenant } from "../../../../domain/tenants/tenants.ts";
import type { Parameters, Values } from "./parameters.ts";

export type Role = "administrator" | "read-only" | "accounts-only";

/**
 * What an operation does, for roles: `read` is open to readers; `accounts-read` and `accounts` besides to those who keep
 * accounts only; `write` to administrators alone; `operate` to those who run this server (sagctl beside it, or the default
 * account's administrators).
 */
export type Access = "read" | "accounts-read" | "accounts" | "write" | "operate";

export const productVersions = { smartag: "2018-03-13", cbn: "2017-09-12", sag: "2026-11-01" } as const;
export type Product = keyof typeof productVersions;

/** Who asks, and for whom. */
export interface Caller {
  /** For the audit: an access key's id, or "sagctl". */
  actor: string;
  role: Role;
  tenant: Tenant;
  /** sagctl beside the server: may do what the API refuses (uncapped accounts). */
  local: boolean;
}

export interface Call extends Administration {
  caller: Caller;
  requestId: string;
  /** Runs what sagctl can ask for beside the server. */
  command(name: string, parameters: unknown): Promise<unknown>;
}

export type Answer = Record<string, unknown>;

/** One operation: from this validation, documentation and the list of what is supported derive. */
export interface Operation {
  name: string;
  product: Product;
  group: string;
  access: Access;
  /** One sentence for the documentation. */
  summary: string;
  parameters: Parameters;
  run(call: Call, values: Record<string, unknown>): Promise<Answer>;
}

export interface Declaration<P extends Parameters> {
  access: Access;
  summary: string;
  parameters: P;
  run(call: Call, values: Values<P>): Promise<Answer>;
}

/** Makes the operations of one group; the values' types follow from the declared parameters. */
export function group(product: Product, title: string) {
  return <P extends Parameters>(name: string, declaration: Declaration<P>): Operation => ({
    name,
    product,
    group: title,
    ...declaration,
    run: (call, values) => declaration.run(call, values as Values<P>),
  });
}

const accessOf: Record<Role, readonly Access[]> = {
  administrator: ["read", "accounts-read", "accounts", "write"],
  "read-only": ["read", "accounts-read"],
  "accounts-only": ["accounts-read", "accounts"],
};

export const roles = Object.keys(accessOf) as Role[];

export function mayCall(caller: Caller, operation: Operation): boolean {
  if (operation.access === "operate")
    return caller.local || (caller.role === "administrator" && caller.tenant.isDefault);
  return accessOf[caller.role].includes(operation.access);
}
