/** Texts for adding an intranet and confirming the identity of its server. */
export const add = {
  title: "Connect to your company",
  intro: "Your company gave you an enrolment link or an enterprise code.",
  field: "Enrolment link or enterprise code",
  placeholder: "sag://enroll?… or CODE@server",
  server: "Server",
  serverHint: "Your company's server, for example sag.example.com",
  invalid: "This is neither an enrolment link nor an enterprise code.",
  codeUnfinished: "An enterprise code has five letters or digits. Check it, or paste an enrolment link.",
  serverUnfinished: "The server after @ is missing. Example: CT7X2@sag.example.com",
  /** If only a server's name or web address was entered. */
  serverAlone:
    "This is only a server. Enter your enterprise code and the server as CODE@server, or paste an enrolment link.",
  linkIncomplete: "The link is incomplete. Copy it again.",
  missing: "Enter your enrolment link or enterprise code.",
  serverMissing: "Enter your company's server.",
  looking: "Looking for your company",
};

export const identity = {
  title: "Is this the right server?",
  intro: (server: string) =>
    `We can't verify ${server}. This is the SHA-256 fingerprint of the server's public key. Compare it, digit by digit, with the one your administrator gave you.`,
  changedTitle: "The server has a new key",
  changedIntro: (server: string) =>
    `${server} has a different public key than before, and your link is for the new one. Continue only if your administrator told you about the change and this SHA-256 fingerprint matches theirs.`,
  fingerprint: "Fingerprint of the server's public key",
  copyFingerprint: "Copy fingerprint",
  risk: "If you have no fingerprint to compare with, ask your administrator for it. Another server could read your password.",
  yes: "Fingerprints match",
  no: "Fingerprints don't match",
  refusedTitle: "Don't sign in",
  refused: (server: string) => `Tell your administrator that ${server} shows a different fingerprint.`,
  /** Text to copy into a message to the administrator. */
  report: (server: string, fingerprint: string) =>
    `The server ${server} shows this fingerprint of its public key, which is not the one I was given: ${fingerprint}`,
  copyReport: "Copy for your administrator",
};
