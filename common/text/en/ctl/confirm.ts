const ends = (sessions: number): string =>
  sessions === 0
    ? "No session is open."
    : sessions === 1
      ? "This ends 1 open session."
      : `This ends ${sessions} open sessions.`;

/** Questions that sagctl asks at a terminal before it cuts people off, by the command. */
export const confirm = {
  questions: {
    "instance lock": (name: string, sessions: number) =>
      `Lock the instance ${name}? ${ends(sessions)} Nobody can connect to it until it is unlocked.`,
    "instance delete": (name: string, sessions: number) =>
      `Delete the instance ${name} with its accounts and settings? ${ends(sessions)}`,
    "account disable": (name: string, sessions: number) =>
      `Disable the account ${name}? ${ends(sessions)} It cannot connect until it is enabled.`,
    "account set": (name: string, sessions: number) => `Change the address of ${name}? ${ends(sessions)}`,
    "account delete": (name: string, sessions: number) => `Delete the account ${name}? ${ends(sessions)}`,
    "account kick": (name: string, sessions: number) => `End all sessions of ${name}? ${ends(sessions)}`,
    "account reset-password": (name: string, sessions: number) =>
      `Set a new password for ${name}? ${ends(sessions)} All of its devices are signed out.`,
    "session end": (name: string) => `End the session of ${name}?`,
    "access-point remove": (name: string, sessions: number) =>
      `Remove the access point ${name}? ${
        sessions === 0
          ? "No session uses it."
          : `${sessions === 1 ? "1 session uses" : `${sessions} sessions use`} it now.`
      } To come back it has to register again.`,
    "cidr remove": (name: string, sessions: number) => `Remove the address block ${name}? ${ends(sessions)}`,
    "ccn bind": (name: string, sessions: number) => `Bind the instance ${name} to this CCN? ${ends(sessions)}`,
    "ccn unbind": (name: string, sessions: number) => `Unbind the instance ${name}? ${ends(sessions)}`,
  },
  goOn: "[y/N] ",
  isYes: (answer: string) => /^y(es)?$/i.test(answer),
  declined: "Nothing was changed.",
};
