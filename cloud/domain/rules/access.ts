import { row, wrong } from "./row.ts";

/** Rules about product accounts, access keys, enterprise codes and quotas. */
export const accessRules = {
  "key-unknown": row("not_permitted", "InvalidAccessKeyId.NotFound"),
  "key-inactive": row("not_permitted", "InvalidAccessKeyId.Inactive"),
  "nonce-used": row("not_permitted", "SignatureNonceUsed"),
  "token-mismatch": wrong("IdempotentParameterMismatch", "token"),
  "not-allowed": row("not_permitted", "Forbidden.RAM"),
  "host-only": row("not_permitted", "Forbidden.RAM"),
  "ambiguous-name": wrong("InvalidParameter", "name"),
  "no-tenant": row("not_found", "Tenant.NotFound"),
  "tenant-exists": row("already_exists", "Tenant.AlreadyExists"),
  "no-key": row("not_found", "AccessKey.NotFound"),
  "no-quota": wrong("InvalidQuota", "name"),
  "quota-range": wrong("InvalidQuota", "value"),
  "no-code": wrong("InvalidEnterpriseCode", "code"),
  "code-limit": wrong("QuotaExceeded.EnterpriseCode", "quota"),
  "code-default-required": wrong("EnterpriseCode.DefaultRequired", "code"),
  "code-is-default": wrong("EnterpriseCode.DefaultCannotDelete", "code"),
  "code-in-use": wrong("EnterpriseCode.Bound", "code"),
  "code-namesake": row("already_exists", "EnterpriseCode.UserNameConflict"),
} as const;
