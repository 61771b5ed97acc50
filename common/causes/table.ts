import type { CauseCode, FixerWord } from "../words.ts";

/** One row: code → exit code, who can fix it, and whether it passes. Its texts are in common/text. */
export interface CauseRow {
  /** Exit code of the `sag` command; never changes once released. 0 is success, 130 an interrupt by Ctrl-C. */
  exit: number;
  fixer: FixerWord;
  /**
   * Whether it can pass without anybody's help. An unattended computer dials again then; for other causes it stops, because
   * dialling again would change nothing and look like an attack to the cloud instance.
   */
  passes: boolean;
}

/** The message key for sessions and sign-ins that ended because an administrator set a new password. */
export const passwordReset = "cloud.password_reset";
/** The message keys for a session, and for a sign-in, that the user ended from another device. */
export const endedByUser = "cloud.session_ended_from";
/** The messages with `kicked` until when an administrator has banned the account. */
export const banned = "cloud.session_banned";
export const bannedBecause = "cloud.session_banned_because";
/** The message with `session_expired` that an administrator has changed the account's address. */
export const addressChanged = "cloud.session_address_changed";
export const signedOutByUser = "cloud.sign_in_ended_from";

/**
 * The cause table, used by the app, the command line and the logs; docs/cli.md lists it. The codes are those of
 * sag.types.v1.Cause, and the type makes a missing one a compile error. Exit codes are grouped: 10 sign-in and
 * session, 30 cloud instance, 40 network and access points, 50 this host, 70 arguments and targets of a command.
 */
export const causeTable: Record<CauseCode, CauseRow> = {
  unknown: { exit: 1, fixer: "administrator", passes: false },
  invalid_argument: { exit: 2, fixer: "you", passes: false },
  bad_credentials: { exit: 10, fixer: "you", passes: false },
  unknown_code: { exit: 11, fixer: "you", passes: false },
  too_many_attempts: { exit: 12, fixer: "you", passes: true },
  account_disabled: { exit: 13, fixer: "administrator", passes: false },
  kicked: { exit: 14, fixer: "you", passes: false },
  replaced: { exit: 15, fixer: "you", passes: false },
  session_limit: { exit: 16, fixer: "you", passes: false },
  address_in_use: { exit: 17, fixer: "you", passes: true },
  sign_in_expired: { exit: 18, fixer: "you", passes: false },
  session_expired: { exit: 19, fixer: "you", passes: true },
  password_change_required: { exit: 20, fixer: "you", passes: false },
  second_factor_required: { exit: 21, fixer: "you", passes: false },
  // The administrator, because a missing network or a captive portal is reported by another cause.
  instance_unreachable: { exit: 30, fixer: "administrator", passes: true },
  instance_identity_changed: { exit: 31, fixer: "administrator", passes: false },
  instance_identity_unknown: { exit: 32, fixer: "you", passes: false },
  instance_locked: { exit: 33, fixer: "administrator", passes: false },
  instance_expired: { exit: 34, fixer: "administrator", passes: false },
  answer_invalid: { exit: 35, fixer: "administrator", passes: false },
  answer_too_large: { exit: 36, fixer: "administrator", passes: false },
  protocol_too_old: { exit: 37, fixer: "administrator", passes: false },
  client_too_old: { exit: 38, fixer: "you", passes: false },
  identity_provider_unavailable: { exit: 39, fixer: "administrator", passes: false },
  captive_portal: { exit: 40, fixer: "network", passes: true },
  no_network: { exit: 41, fixer: "you", passes: true },
  access_point_unreachable: { exit: 42, fixer: "network", passes: true },
  no_access_point: { exit: 43, fixer: "administrator", passes: true },
  address_pool_exhausted: { exit: 44, fixer: "administrator", passes: true },
  dns_unavailable: { exit: 45, fixer: "network", passes: true },
  // Of the cloud instance; the codes from 30 to 39 are in use. Only of sagctl.
  answer_missing: { exit: 46, fixer: "you", passes: false },
  tunnel_binary_missing: { exit: 50, fixer: "you", passes: false },
  tunnel_crashed: { exit: 51, fixer: "you", passes: true },
  service_not_running: { exit: 52, fixer: "you", passes: true },
  not_permitted: { exit: 53, fixer: "administrator", passes: false },
  vpn_conflict: { exit: 54, fixer: "you", passes: true },
  port_in_use: { exit: 55, fixer: "you", passes: false },
  storage_full: { exit: 56, fixer: "you", passes: false },
  storage_readonly: { exit: 57, fixer: "you", passes: false },
  storage_damaged: { exit: 61, fixer: "administrator", passes: false },
  keychain_unavailable: { exit: 58, fixer: "you", passes: false },
  keychain_locked: { exit: 59, fixer: "you", passes: false },
  in_use_by_another_user: { exit: 60, fixer: "you", passes: false },
  unknown_intranet: { exit: 70, fixer: "you", passes: false },
  not_connected: { exit: 71, fixer: "you", passes: false },
  name_not_found: { exit: 72, fixer: "you", passes: false },
  target_refused: { exit: 73, fixer: "administrator", passes: false },
  target_unreachable: { exit: 74, fixer: "administrator", passes: false },
  target_timeout: { exit: 75, fixer: "administrator", passes: false },
  data_directory_in_use: { exit: 76, fixer: "you", passes: false },
  not_a_real_path: { exit: 77, fixer: "you", passes: false },
  not_found: { exit: 78, fixer: "you", passes: false },
  already_exists: { exit: 79, fixer: "you", passes: false },
  target_denied: { exit: 80, fixer: "administrator", passes: false },
};

/** Exit code after Ctrl-C, as in shells (128 + SIGINT). */
export const exitInterrupted = 130;
