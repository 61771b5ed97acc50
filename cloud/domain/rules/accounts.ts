import { row, wrong } from "./row.ts";

/** Rules about client accounts. */
export const accountRules = {
  "user-name-form": wrong("ClientUser.NameInvalid", "user"),
  "user-name-character": wrong("ClientUser.NameInvalid", "user"),
  "mail-as-user-name": wrong("ClientUser.NameInvalid", "user"),
  "mail-form": wrong("ClientUser.EmailInvalid", "mail"),
  "password-form": wrong("InvalidPassword", "password"),
  "bandwidth-range": wrong("ClientUser.BandwidthInvalid", "bandwidth"),
  "bandwidth-range-or-none": wrong("ClientUser.BandwidthInvalid", "bandwidth"),
  "client-ip-form": wrong("ClientUser.InvalidClientIp", "client-ip"),
  "client-ip-outside": wrong("ClientUser.InvalidClientIp", "client-ip"),
  "client-ip-reserved": wrong("ClientUser.InvalidClientIp", "client-ip"),
  "no-cidr": wrong("SAG.CidrEmpty", "client-ip"),
  "address-taken": row("address_in_use", "ClientUser.InvalidClientIp"),
  "address-taken-elsewhere": row("address_in_use", "ClientUser.InvalidClientIp"),
  "address-in-session": row("address_in_use", "ClientUser.InvalidClientIp"),
  "user-limit": wrong("ClientUser.UserOverLimit", "user"),
  "user-exists": row("already_exists", "ClientUser.UserExist"),
  "user-exists-elsewhere": row("already_exists", "EnterpriseCode.UserNameConflict"),
  "flow-accounts": wrong("InvalidUserNames", "users"),
  "no-account": row("not_found", "ClientUser.NameInvalid"),
  "roams-to-itself": wrong("ClientUser.NotSupportAction", "instance"),
  "roams-within-area": wrong("ClientUser.NotSupportAction", "instance"),
  "roams-within-code": row("already_exists", "EnterpriseCode.UserNameConflict"),
  "roaming-overlap": wrong("SAG.CidrOverlap", "instance"),
  "dry-run": wrong("DryRunOperation", "dry-run"),
} as const;
