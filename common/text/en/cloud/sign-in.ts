import type { P } from "../../types.ts";

/** Messages about signing in and about sign-ins. */
export const signIn = {
  code_unknown: "There is no intranet with this enterprise code.",
  credentials_wrong: "User name or password is wrong.",
  account_disabled: "This account is disabled.",
  attempts_failed: "Too many attempts have failed.",
  sign_in_too_often: "This account signs in too often.",
  sign_in_crowd: "Too many people are signing in at the moment.",
  sign_in_over: "The sign-in of this device has ended.",
  sign_in_ended_from: ({ device }: P<"device">) =>
    device ? `Signed out from ${device}.` : "Signed out from another device.",
  password_reset: "The password was reset.",
  sign_in_ends_soon: "The sign-in of this device ends soon.",
  password_change_needed: "You must change your password first.",
  password_same: "The new password must differ from the current one.",
  password_code_wrong: "The code is wrong or has expired.",
  second_factor_needed: "A code from your authenticator is needed.",
  second_factor_wrong: "That code is wrong.",
  second_factor_used: "This code has already been used. Wait for the next one.",
  second_factor_required: "A second factor is required. Set one up first.",
  second_factor_not_begun: "There is no second factor to confirm. Set one up first.",
  second_factor_kept: "A second factor is required. You can replace it, but not remove it.",
  instance_locked: "The administrator has locked this intranet.",
  instance_expired: "This intranet has reached the end of its term.",
  instance_gone: "This intranet no longer exists.",
  account_gone: "This account no longer exists.",
  own_session_unknown: "You have no session with this ID.",
  own_device_unknown: "You have no device with this ID.",
  mail_account_subject: "Your account for the intranet",
  mail_password_subject: "Your new password for the intranet",
  mail_account_made: ({ intranet }: P<"intranet">) => `You have an account for ${intranet}.`,
  mail_account_roamed: ({ intranet }: P<"intranet">) =>
    `Your account works at ${intranet} as well. Use this enterprise code while you are there:`,
  mail_password_reset: ({ intranet }: P<"intranet">) =>
    `Your password for ${intranet} was reset. Your devices have to sign in again.`,
  mail_password_given: "(your administrator will tell you)",
  mail_password_kept: "(unchanged)",
  mail_credentials: ({ code, instance, user, password }: P<"code" | "instance" | "password" | "user">) =>
    [
      `    Enterprise code: ${code}`,
      `    Instance ID: ${instance}`,
      `    User name: ${user}`,
      `    Password: ${password}`,
    ].join("\n"),
  mail_steps: ({ link }: P<"link">) =>
    [
      "1. Install the SAG app or the sag command. Your administrator can tell you where to get them.",
      "2. Open this link with it, or enter the enterprise code:",
      `   ${link}`,
      "3. Sign in with your user name and password, and connect.",
    ].join("\n"),
  mail_must_change: "You will be asked to choose a new password when you first sign in.",
  mail_no_password:
    'If you have no password, choose "Forgot your password?" when you sign in. A code will be emailed to you.',
  mail_unwritable: ({ path, reason }: P<"path" | "reason">) =>
    `The mail with the password cannot be written to ${path} (${reason}), so nothing was changed.`,
  mail_code_subject: "Your code for a new password",
  mail_code: ({ user, intranet, code, minutes, tries }: P<"code" | "intranet" | "minutes" | "tries" | "user">) =>
    [
      `Someone, probably you, asked to reset the password of ${user} at ${intranet}.`,
      "",
      `    ${code}`,
      "",
      `Enter this code where you asked for it. It works only there, for ${minutes} minutes and ${tries} attempts.`,
      "If it was not you, ignore this email. Your password has not been changed.",
    ].join("\n"),
};
