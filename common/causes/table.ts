import type { CauseCode, MenderWord } from "../words.ts";

/** One row: code → exit code, and who can fix it. Its texts are in common/text. */
export interface CauseRow {
  /** Exit code of the `sag` command; never changes once released. 0 is success, 130 an interrupt by Ctrl-C. */
  exit: number;
  mender: MenderWord;
}

/** The message key for sessions and sign-ins that ended because an administrator set a new password. */
export const passwordReset = "cloud.password_reset";

/**
 * The cause table, used by the app, the command line and the logs; docs/cli.md lists it. The codes are those of
 * sag.types.v1.Cause, and the type makes a missing one a compile error. Exit codes are grouped: 10 sign-in and
 * session, 30 cloud instance, 40 network and access points, 50 this host, 70 arguments and targets of a command.
 */
export const causeTable: Record<CauseCode, CauseRow> = {
  unknown: { exit: 1, mender: "administrator" },
  invalid_argument: { exit: 2, mender: "you" },
  bad_credentials: { exit: 10, mender: "you" },
  unknown_code: { exit: 11, mender: "you" },
  too_many_attempts: { exit: 12, mender: "you" },
  account_disabled: { exit: 13, mender: "administrator" },
  kicked: { exit: 14, mender: "you" },
  replaced: { exit: 15, mender: "you" },
  session_limit: { exit: 16, mender: "you" },
  address_in_use: { exit: 17, mender: "you" },
  sign_in_expired: { exit: 18, mender: "you" },
  session_expired: { exit: 19, mender: "you" },
  password_change_required: { exit: 20, mender: "you" },
  second_factor_required: { exit: 21, mender: "you" },
  // The administrator, because a missing network or a captive portal is reported by another cause.
  instance_unreachable: { exit: 30, mender: "administrator" },
  instance_identity_changed: { exit: 31, mender: "administrator" },
  instance_identity_unknown: { exit: 32, mender: "you" },
  instance_locked: { exit: 33, mender: "administrator" },
  instance_expired: { exit: 34, mender: "administrator" },
  answer_invalid: { exit: 35, mender: "administrator" },
  answer_too_large: { exit: 36, mender: "administrator" },
  protocol_too_old: { exit: 37, mender: "administrator" },
  client_too_old: { exit: 38, mender: "you" },
  identity_provider_unavailable: { exit: 39, mender: "administrator" },
  captive_portal: { exit: 40, mender: "network" },
  no_network: { exit: 41, mender: "you" },
  access_point_unreachable: { exit: 42, mender: "network" },
  no_access_point: { exit: 43, mender: "administrator" },
  address_pool_exhausted: { exit: 44, mender: "administrator" },
  dns_unavailable: { exit: 45, mender: "network" },
  tunnel_binary_missing: { exit: 50, mender: "you" },
  tunnel_crashed: { exit: 51, mender: "you" },
  service_not_running: { exit: 52, mender: "you" },
  not_permitted: { exit: 53, mender: "administrator" },
  vpn_conflict: { exit: 54, mender: "you" },
  port_in_use: { exit: 55, mender: "you" },
  storage_full: { exit: 56, mender: "you" },
  storage_readonly: { exit: 57, mender: "you" },
  storage_damaged: { exit: 61, mender: "administrator" },
  keychain_unavailable: { exit: 58, mender: "you" },
  keychain_locked: { exit: 59, mender: "you" },
  in_use_by_another_user: { exit: 60, mender: "you" },
  unknown_intranet: { exit: 70, mender: "you" },
  not_connected: { exit: 71, mender: "you" },
  name_not_found: { exit: 72, mender: "you" },
  target_refused: { exit: 73, mender: "administrator" },
  target_unreachable: { exit: 74, mender: "administrator" },
  target_timeout: { exit: 75, mender: "administrator" },
  data_directory_in_use: { exit: 76, mender: "you" },
  not_a_real_path: { exit: 77, mender: "you" },
  not_found: { exit: 78, mender: "you" },
  already_exists: { exit: 79, mender: "you" },
};

/** Exit code after Ctrl-C, as in shells (128 + SIGINT). */
export const exitInterrupted = 130;
