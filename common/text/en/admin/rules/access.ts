import type { P } from "../../../types.ts";

/** Rules of permissions: product accounts, access keys, enterprise codes and quotas. */
export const accessRules = {
  "key-unknown": "The specified access key does not exist.",
  "key-inactive": "The specified access key is disabled.",
  "nonce-used": "The signature nonce was used before.",
  "token-mismatch": "This ClientToken was used before, for a request with other parameters.",
  "not-allowed": ({ role, command }: P<"command" | "role">) =>
    `The access key's role, ${role}, does not allow ${command}.`,
  "host-only": "A backup is made on the server's machine.",
  "ambiguous-name": ({ name, ids }: P<"ids" | "name">) =>
    `Several objects are called ${name}: ${ids}. Use the id instead.`,
  "no-tenant": ({ name }: P<"name">) => `There is no account named ${name}.`,
  "tenant-exists": ({ name }: P<"name">) => `The account ${name} already exists.`,
  "no-key": ({ id }: P<"id">) => `There is no access key ${id}.`,
  "no-quota": ({ name, known }: P<"known" | "name">) => `There is no quota ${name}; there are ${known}.`,
  "quota-range": ({ name, most }: P<"most" | "name">) => `${name} must be a whole number from 1 to ${most}.`,
  "no-code": ({ code }: P<"code">) => `The enterprise code ${code} does not exist.`,
  "code-limit": ({ limit }: P<"limit">) => `An account has at most ${limit} enterprise codes.`,
  "code-default-required": "There is always one default code: make another one the default instead.",
  "code-is-default": "The default enterprise code cannot be deleted.",
  "code-in-use": ({ instance }: P<"instance">) => `The enterprise code is used by ${instance}.`,
  "code-namesake": ({ user, code }: P<"code" | "user">) => `${user} exists in another instance of the code ${code}.`,
};
