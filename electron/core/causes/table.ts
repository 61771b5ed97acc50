import type { CauseCode, MenderWord } from "../model.ts";

/** What a text may speak of. Everything here came from outside: plain text, already cleaned. */
export interface CauseDetails {
  /** The sender's own words. */
  text?: string;
  /** ms until it is worth trying again. */
  retryAfterMs?: number;
  /** The device that took over. */
  deviceName?: string;
  /** What it is about: a host, a port, a file, the name of an intranet. */
  subject?: string;
  /** Which of the things sent is meant. */
  field?: string;
}

/** One row: code → exit code, who can mend it, what is said, what to do. */
export interface CauseRow {
  /** Of the `sag` command; never changes once released. 0 is success, 130 an interrupt by Ctrl-C. */
  exit: number;
  mender: MenderWord;
  message: string | ((details: CauseDetails) => string);
  /** For everybody; in the app a button stands beside it. "" = nothing to do. */
  action: string | ((details: CauseDetails) => string);
  /** What to type instead, where the action at a terminal is another one. */
  command?: string | ((details: CauseDetails) => string);
}

const seconds = (ms: number | undefined): string => {
  if (ms === undefined) return "in a moment";
  const whole = Math.max(1, Math.ceil(ms / 1000));
  return whole < 90 ? `in ${whole} s` : `in ${Math.ceil(whole / 60)} min`;
};
const about = (before: string, details: CauseDetails, otherwise: string): string =>
  details.subject ? `${before} ${details.subject}` : otherwise;

/** The sender's words as a sentence, where they are all that is known. */
const said = ({ text, subject }: CauseDetails): string | undefined =>
  text && !subject ? `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.` : undefined;

/**
 * THE cause table. App, command, logs and exit codes all read it; docs/cli.md prints it. Codes are those of
 * sag.types.v1.Cause, and the type makes a missing one a compile error. Exit codes go by family: 10 sign-in and session,
 * 30 cloud instance, 40 network and access points, 50 this machine, 70 what a command was asked to do.
 */
export const causeTable: Record<CauseCode, CauseRow> = {
  unknown: {
    exit: 1,
    mender: "administrator",
    message: ({ text }) => text || "Something happened that this version does not know.",
    action: "Try again. If it stays, send the logs to your administrator.",
  },
  invalid_argument: {
    exit: 2,
    mender: "you",
    message: ({ text }) => text || "One of the values is not valid.",
    action: "Correct it and try again.",
    // What the cloud instance refuses stands in no help.
    command: ({ field }) => (field ? "Correct it and try again." : "See sag --help."),
  },

  bad_credentials: {
    exit: 10,
    mender: "you",
    message: ({ field }) =>
      field === "code"
        ? "The code from the mail is not right, or it is not good any more."
        : "The user name or password is not right.",
    action: ({ field }) =>
      field === "code"
        ? "Check it, or have a new one sent."
        : "Check both and try again. Your administrator can set a new password.",
  },
  unknown_code: {
    exit: 11,
    mender: "you",
    message: "This enterprise code is not known there.",
    action: "Check the five letters and digits, or ask your administrator for an enrolment link.",
  },
  too_many_attempts: {
    exit: 12,
    mender: "you",
    message: "There were too many attempts.",
    action: ({ retryAfterMs }) => `Try again ${seconds(retryAfterMs)}.`,
  },
  account_disabled: {
    exit: 13,
    mender: "administrator",
    message: "Your account is disabled.",
    action: "Ask your administrator to enable it.",
  },
  kicked: {
    exit: 14,
    mender: "administrator",
    message: ({ text }) =>
      text ? `Your administrator ended the session: ${text}` : "Your administrator ended the session.",
    action: "Connect again, or ask your administrator.",
  },
  replaced: {
    exit: 15,
    mender: "you",
    message: ({ deviceName }) =>
      deviceName ? `${deviceName} took over this session.` : "Another of your devices took over this session.",
    action: "Connect again to take it back.",
  },
  session_limit: {
    exit: 16,
    mender: "you",
    message: "All the sessions your account may have are in use.",
    action: "End one of them, or ask your administrator for more.",
  },
  address_in_use: {
    exit: 17,
    mender: "you",
    message: "Your client address is still in use by another session.",
    action: "Disconnect the other device, or try again in a minute.",
  },
  sign_in_expired: {
    exit: 18,
    mender: "you",
    message: "You are not signed in any more.",
    action: "Sign in again.",
    command: "Run sag sign-in.",
  },
  session_expired: {
    exit: 19,
    mender: "you",
    message: "The session has ended.",
    action: "Connect again.",
    command: "Run sag connect.",
  },
  password_change_required: {
    exit: 20,
    mender: "you",
    message: "Your password has to be changed first.",
    action: "Choose a new password.",
    command: "Run sag password.",
  },
  second_factor_required: {
    exit: 21,
    mender: "you",
    // The sender tells a code that is missing from one that is wrong, or used already.
    message: ({ field, text }) =>
      field === "second_factor"
        ? "A second factor is required here, and you have none yet."
        : text || "A code from your authenticator is needed.",
    action: ({ field }) =>
      field === "second_factor"
        ? "Set up an authenticator, then sign in with a code from it."
        : "Enter the six digits it shows now.",
    command: ({ field }) =>
      field === "second_factor"
        ? "Run sag second-factor, with --link and --user if you have never signed in here; then sign in with a code."
        : "Run it again at a terminal, or with --otp-stdin and the six digits it shows now.",
  },

  instance_unreachable: {
    exit: 30,
    mender: "network",
    message: (d) => `${about("The cloud instance", d, "The cloud instance")} does not answer.`,
    action: "Check your network and try again.",
  },
  instance_identity_changed: {
    exit: 31,
    mender: "administrator",
    message: (d) =>
      `${about("The certificate of", d, "The certificate of the cloud instance")} is not the one expected.`,
    action: "Nothing was sent. Ask your administrator whether it was replaced, and for a new enrolment link.",
    command:
      "Nothing was sent. If your administrator says it was replaced: sag sign-out --forget, then sign in by a new link.",
  },
  instance_identity_unknown: {
    exit: 32,
    mender: "you",
    message: (d) => `${about("The certificate of", d, "The certificate of the cloud instance")} is not known here.`,
    action: "Use an enrolment link, or compare the fingerprint with your administrator and say yes to it.",
    command: "Use an enrolment link, or run sag sign-in at a terminal and compare the fingerprint.",
  },
  instance_locked: {
    exit: 33,
    mender: "administrator",
    message: "The SAG instance is locked.",
    action: "Ask your administrator; it may be in arrears.",
  },
  instance_expired: {
    exit: 34,
    mender: "administrator",
    message: "The SAG instance has expired.",
    action: "Ask your administrator to renew it.",
  },
  answer_invalid: {
    exit: 35,
    mender: "administrator",
    message: (d) => `${about("The answer of", d, "The answer")} makes no sense.`,
    action: "Check the server's address, or ask your administrator.",
  },
  answer_too_large: {
    exit: 36,
    mender: "administrator",
    message: (d) => `${about("The answer of", d, "The answer")} is too large.`,
    action: "Check the server's address, or ask your administrator.",
  },
  protocol_too_old: {
    exit: 37,
    mender: "administrator",
    message: "The cloud instance is older than this app can speak to.",
    action: "Ask your administrator to upgrade it.",
  },
  client_too_old: {
    exit: 38,
    mender: "you",
    message: "This app is too old for the cloud instance.",
    action: "Install the current version.",
  },
  identity_provider_unavailable: {
    exit: 39,
    mender: "administrator",
    message: "Your company's sign-in service does not answer.",
    action: "Try again in a minute, or ask your administrator.",
  },

  captive_portal: {
    exit: 40,
    mender: "network",
    message: "This network wants you to sign in to it first.",
    action: "Open any web page, sign in to the network and try again.",
  },
  no_network: {
    exit: 41,
    mender: "network",
    message: "There is no network.",
    action: "Connect to a network and try again.",
  },
  access_point_unreachable: {
    exit: 42,
    mender: "network",
    message: (d) => `${about("The access point", d, "The access point")} does not answer.`,
    action: "Try again. The network you are on may block it.",
  },
  no_access_point: {
    exit: 43,
    mender: "administrator",
    message: "No access point is ready.",
    action: "Try again in a minute, or ask your administrator.",
  },
  address_pool_exhausted: {
    exit: 44,
    mender: "administrator",
    message: "There is no free client address.",
    action: "Ask your administrator for a larger address range.",
  },
  dns_unavailable: {
    exit: 45,
    mender: "network",
    message: (d) => said(d) ?? `${about("The name", d, "The server's name")} cannot be looked up.`,
    action: "Check the name and your network.",
  },

  tunnel_binary_missing: {
    exit: 50,
    mender: "you",
    message: "The tunnel program is missing.",
    action: "Install the app again.",
    command: "Install again, or in a checkout run npm run build:native.",
  },
  tunnel_crashed: {
    exit: 51,
    mender: "you",
    message: "The tunnel program has stopped unexpectedly.",
    action: "Connect again; the session is kept.",
    command: "Run sag connect; the session is kept.",
  },
  service_not_running: {
    exit: 52,
    mender: "you",
    message: ({ text }) => text || "The tunnel service is not running.",
    action: ({ text }) =>
      text ? "Start it again, or have an administrator run: sag repair" : "Start it, or use proxy mode.",
  },
  not_permitted: {
    exit: 53,
    mender: "administrator",
    message: (d) => said(d) ?? `${about("There is no permission for", d, "There is no permission for this")}.`,
    action: "Ask your administrator.",
  },
  vpn_conflict: {
    exit: 54,
    mender: "you",
    message: ({ subject, text }) =>
      subject
        ? `This machine is in ${subject} already, and in system mode it is in one intranet at a time.`
        : `Another VPN on this machine is in the way${text ? `: ${text}` : ""}.`,
    action: ({ subject }) =>
      subject ? `Disconnect ${subject}, or connect in proxy mode.` : "Disconnect it and try again.",
  },
  port_in_use: {
    exit: 55,
    mender: "you",
    message: (d) => `${about("The address", d, "The address")} is in use by another program.`,
    action: "Choose another port.",
    command: "Choose another one; for the proxies with --socks and --http.",
  },
  storage_full: {
    exit: 56,
    mender: "you",
    message: "The disk is full.",
    action: "Free some space and try again.",
  },
  storage_readonly: {
    exit: 57,
    mender: "you",
    message: (d) => said(d) ?? `${about("There is no writing to", d, "The settings cannot be written")}.`,
    action: "Make it writable and try again.",
  },
  keychain_unavailable: {
    exit: 58,
    mender: "you",
    message: "There is no keychain to keep the sign-in in.",
    action: "Start the system's keychain and try again.",
    command: "Start the system's keychain, or keep the sign-in in a file: --store file.",
  },
  keychain_locked: {
    exit: 59,
    mender: "you",
    message: "The keychain is locked.",
    action: "Unlock it and try again.",
    command: "Unlock it and try again, or sign in again with --store file.",
  },
  in_use_by_another_user: {
    exit: 60,
    mender: "you",
    message: "Somebody else on this machine is using it.",
    action: "Ask them to disconnect.",
  },

  unknown_intranet: {
    exit: 70,
    mender: "you",
    message: (d) => (d.subject ? `There is no intranet called ${d.subject} here.` : "There is no intranet here yet."),
    action: "Sign in to it first.",
    command: "Run sag intranets to see the names, or sag sign-in to add one.",
  },
  not_connected: {
    exit: 71,
    mender: "you",
    message: (d) => `${about("There is no connection to", d, "There is no connection")}.`,
    action: "Connect first.",
    command: "Run sag connect.",
  },
  name_not_found: {
    exit: 72,
    mender: "you",
    message: (d) => `${about("The name", d, "The name")} is not known in the intranet.`,
    action: "Check the name.",
  },
  target_refused: {
    exit: 73,
    mender: "administrator",
    message: (d) => `${d.subject ?? "The target"} refused the connection.`,
    action: "Check the port, or ask who runs it.",
  },
  target_unreachable: {
    exit: 74,
    mender: "administrator",
    message: (d) => `${d.subject ?? "The target"} cannot be reached.`,
    action: "Check the address, or ask your administrator whether it is attached.",
  },
  target_timeout: {
    exit: 75,
    mender: "administrator",
    message: (d) => `${d.subject ?? "The target"} did not answer in time.`,
    action: "Try again, or ask who runs it.",
  },
  data_directory_in_use: {
    exit: 76,
    mender: "you",
    message: (d) => `${about("The data directory", d, "The data directory")} is in use by another process.`,
    action: "Stop that one, or use another directory.",
  },
  not_a_real_path: {
    exit: 77,
    mender: "you",
    message: (d) => `${d.subject ?? "This"} is not a real path.`,
    action: "Give the path itself, not a link to it.",
  },
  not_found: {
    exit: 78,
    mender: "you",
    message: ({ text }) => text || "It does not exist.",
    action: "Check the name.",
  },
  already_exists: {
    exit: 79,
    mender: "you",
    message: ({ text }) => text || "It exists already.",
    action: "Choose another name.",
  },
};

/** Ctrl-C, as shells have it. */
export const exitInterrupted = 130;
