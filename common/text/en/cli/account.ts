import { formats } from "../formats.ts";

/** Prompts at a terminal. Each ends with a space. */
export const questions = {
  userName: (server: string) => `User name at ${server}: `,
  passwordOf: (user: string, server: string) => `Password of ${user} at ${server}: `,
  password: "Password: ",
  currentPassword: "Current password: ",
  newPassword: "New password: ",
  newPasswordAgain: "New password again: ",
  code: "Code from your authenticator: ",
  codeNow: "Code shown now: ",
  mailedCode: "Code from the email: ",
  intranetOrLink: (names: readonly string[], preferred: string | undefined) =>
    `Intranet (${names.join(", ")}), enrolment link or CODE@HOST${preferred ? ` [${preferred}]` : ""}: `,
  link: "Enrolment link, or enterprise code as CODE@HOST: ",
  /** A server whose certificate is not trusted by an authority; the fingerprint is on the next line. */
  identity: {
    intro: (server: string) =>
      `The certificate of ${server} is not from a trusted authority. The SHA-256 fingerprint of its public key is`,
    question: "Is it the fingerprint your administrator gave you? (yes/no) ",
    replaced: (server: string) =>
      `${server} has a different key than before, and this link is for the new one. The SHA-256 fingerprint of its public key is`,
    replacedQuestion:
      "Did your administrator say that the key was replaced, and is this the fingerprint they gave you? (yes/no) ",
  },
  isYes: (answer: string) => /^y(es)?$/i.test(answer),
};

/** Names of the values that are read from standard input. */
export const inputs = {
  password: "password",
  newPassword: "new password",
  secondFactor: "second factor",
  code: "code",
  missing: (what: string) => `The ${what} is missing on standard input.`,
  cannotAsk: (what: string) => `There is no terminal to ask for the ${what}.`,
  passwordMissing: "There is no terminal to ask for the password. Use --password-stdin.",
  passwordsMissing: "There is no terminal to ask for the passwords. Use --password-stdin.",
  userNameMissing: "The user name is missing. Use --user NAME.",
};

/** Signing in and out, passwords, second factor, devices and sessions. */
export const account = {
  where: (name: string, server: string) => `${name} at ${server}`,
  keptInFile: "The sign-in is saved in a file that only this user can read, not in a keychain.",
  signedIn: (intranet: string, user: string) => `Signed in to ${intranet} as ${user}. Connect: sag connect`,
  signedOut: (intranet: string) => `Signed out of ${intranet}.`,
  forgotten: (intranet: string) => `${intranet} was removed from this computer.`,
  linkOrServer: "Give a link, or --server and --enterprise-code, not both.",
  whereTo: (names: readonly string[]) =>
    names.length > 0
      ? `Say where to sign in: a link, CODE@HOST, --server URL --enterprise-code CODE, or one of ${names.join(", ")}.`
      : "Say where to sign in: a link, CODE@HOST, or --server URL --enterprise-code CODE.",

  passwordsDiffer: "The two passwords are not the same.",
  passwordChanged: "Password changed. Your other devices are signed out.",
  passwordReset: "Password changed. All your devices are signed out.",
  codeMailed: "If the account exists, a code was sent to its email address. It is valid for 15 minutes.",

  typeSecret: (secret: string) => `Type this into your authenticator: ${secret}`,
  readCode: (uri: string) => `Or scan this as a QR code: ${uri}`,
  confirmWithin: (ms: number) => `Confirm it within ${formats.span(ms)} with a code it shows.`,
  confirm: "Confirm it: sag second-factor --confirm",
  secondFactorOn: "The second factor is on. Signing in now asks for a code.",
  secondFactorOff: "The second factor was removed.",

  deviceEnded: "The device was signed out.",
  sessionEnded: "The session was ended.",
  noSessions: "None of your devices is connected.",
  lastSeen: (ms: number) => `last seen ${formats.span(ms)} ago`,
  connectedFor: (ms: number) => `connected for ${formats.span(ms)}`,
  sessionAge: (ms: number) => `for ${formats.span(ms)}`,
  isSignedOut: "signed out",
  isNotSaved: "connected, sign-in not saved",
  isDefault: "default",
  thisDevice: "this device",
};
