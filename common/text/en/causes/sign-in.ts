import {
  addressChanged,
  banned,
  bannedBecause,
  endedByUser,
  passwordReset,
  signedOutByUser,
} from "../../../causes/table.ts";
import type { CauseText } from "../../types.ts";
import { seconds } from "./shared.ts";

/** Causes of sign-in and session. */
export const signIn = {
  unknown: {
    message: ({ text }) => text || "An unexpected problem occurred.",
    action: "Try again. If it happens again, tell your administrator.",
    command: "Try again. If it happens again, send your administrator the output of: sag logs",
  },
  invalid_argument: {
    message: ({ text }) => text || "One of the options or arguments is invalid.",
    action: "Correct it and try again.",
    // With a field, the cloud instance has refused a value; --help does not explain that.
    command: ({ field, command }) =>
      field ? "Correct it and try again." : command ? `See ${command} --help.` : "Correct it and try again.",
  },
  bad_credentials: {
    message: ({ field }) => (field === "code" ? "This code is wrong or has expired." : "Wrong user name or password."),
    action: ({ field }) =>
      field === "code" ? "Check it or send another." : 'Try again, or use "Forgot your password?"',
    command: ({ field }) =>
      field === "code"
        ? "Check it, or run sag password --forgotten for another."
        : "Try again, or run sag password --forgotten.",
  },
  unknown_code: {
    message: "This server doesn't recognise the code.",
    action: "Check the five letters and digits, or ask your administrator for an enrolment link.",
  },
  too_many_attempts: {
    message: "Too many attempts.",
    action: ({ retryAfterMs }) => `Try again ${seconds(retryAfterMs)}.`,
  },
  account_disabled: {
    message: "Your account is disabled.",
    action: "Ask your administrator to enable it.",
  },
  kicked: {
    message: ({ text, key, deviceName }) => {
      if (key === endedByUser) return `You ended this session from ${deviceName || "another device"}.`;
      if (key === banned) return `Your administrator blocked this account for a while. ${text}`;
      if (key === bannedBecause) return `Your administrator blocked this account for a while: ${text}`;
      return text ? `Your administrator ended your session: ${text}` : "Your administrator ended your session.";
    },
    action: ({ key }) => {
      if (key === endedByUser) return "Connect again.";
      if (key === banned || key === bannedBecause) return "Connect again then, or ask your administrator.";
      return "Connect again, or ask your administrator.";
    },
  },
  replaced: {
    message: ({ deviceName }) =>
      deviceName ? `${deviceName} took over this session.` : "Another of your devices took over this session.",
    action: "Connect again to take it back.",
  },
  session_limit: {
    message: ({ sessions }) =>
      sessions?.length
        ? sessions.length === 1
          ? "You are connected on 1 device, the maximum allowed."
          : `You are connected on ${sessions.length} devices, the maximum allowed.`
        : "You are connected on the maximum number of devices.",
    action: "End one of these sessions, or ask your administrator to allow more devices.",
    command: ({ subject }) =>
      `End one of these sessions (sag sessions${subject ? ` ${subject}` : ""} --end ID), or ask your administrator to allow more devices.`,
  },
  address_in_use: {
    message: "Your client address is still in use by another session.",
    action: "Disconnect the other device, or try again in a minute.",
  },
  sign_in_expired: {
    message: ({ field, subject, key, deviceName }) => {
      if (key === signedOutByUser) return `You signed this computer out from ${deviceName || "another device"}.`;
      if (key === passwordReset) return "Your administrator set a new password.";
      return field === "not_kept" && subject ? `No sign-in is saved for ${subject}.` : "Your sign-in has ended.";
    },
    action: ({ key }) => (key === passwordReset ? "Sign in with it." : "Sign in again."),
    command: ({ subject }) => `Run: sag sign-in${subject ? ` ${subject}` : ""}`,
  },
  session_expired: {
    message: ({ text, key }) => (key === addressChanged && text ? text : "The session has ended."),
    action: "Connect again.",
    command: "Run sag connect.",
  },
  password_change_required: {
    message: "You must change your password first.",
    action: "Choose a new password.",
    command: ({ subject }) => `Run: sag password${subject ? ` ${subject}` : ""}`,
  },
  second_factor_required: {
    // The server's text tells whether the code is missing, wrong or already used.
    message: ({ field, text }) =>
      field === "second_factor"
        ? "A second factor is required, and you have not set one up yet."
        : text || "Enter a code from your authenticator.",
    action: ({ field }) =>
      field === "second_factor"
        ? "Set up an authenticator, then sign in with a code from it."
        : "Use the six digits your authenticator app shows now.",
    command: ({ field }) =>
      field === "second_factor"
        ? "Run sag second-factor, with --link and --user if you have never signed in here; then sign in with a code."
        : "Run it again at a terminal, or with --otp-stdin and the six digits it shows now.",
  },
} satisfies Record<string, CauseText>;
