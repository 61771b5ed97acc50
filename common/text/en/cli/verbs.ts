import { formats } from "../formats.ts";

/** Refusals of arguments of verbs. */
export const refusals = {
  badTime: (text: string) => `${text} is not a valid time. Use for example 15s, 500ms or 2m.`,
  badChoice: (name: string, choices: readonly string[]) => `${name} must be ${formats.choice(choices)}.`,
  badListen: (name: string) => `${name} must be HOST:PORT on loopback, for example 127.0.0.1:1080.`,
  badLines: "--lines must be a number.",
  badCount: "--count must be a number from 1 to 10000.",
  badPort: (text: string) => `${text} is not a port number.`,
  badForward: (text: string) =>
    `${text} is not [udp:][ADDRESS:]PORT:HOST:PORT with an ADDRESS on loopback, for example 8080:portal:80.`,
  badUrl: (text: string) => `${text} is not an http or https URL.`,
  badAction: (command: string, actions: readonly string[]) => `${command} needs one of: ${actions.join(", ")}.`,
  shell: "The shell",
  allOrName: "Use either --all or a name.",
  linkOrIntranet: "Use either a link or --intranet.",
  storeNeedsLink: "--store can only be used with a link or with --password-stdin.",
  noDefault: "The intranet's name is missing: --default NAME.",
  severalConnected: (names: readonly string[]) =>
    `Several intranets are connected: ${names.join(", ")}. Name one with --intranet NAME, or choose a default: sag intranets --default NAME.`,
};

/** Messages of sag connect --foreground. */
export const outcomes = { connected: "connected", waiting: "waiting", stopped: "stopped" };

export const connect = {
  steps: {
    signing_in: "Signing in …",
    resuming: "Resuming the session …",
    dialling: "Requesting a session …",
    waiting: "Waiting for the access point …",
  },
  already: (intranet: string) => `${intranet} is already connected.`,
  disconnected: (intranet: string) => `${intranet} is disconnected.`,
};

/** Texts of the verbs with which programs reach the intranet. */
export const reach = {
  isSystemMode: (intranet: string) => `${intranet} is in system mode: every program can reach the intranet.`,
  isolationNeedsProxy: (intranet: string) =>
    `${intranet} is connected in system mode. Isolation needs proxy mode: sag connect --mode proxy`,
  otherNetwork: (intranet: string) =>
    `This command already runs isolated for another intranet, not ${intranet}. Run it outside of sag run --isolate.`,
  noProgram: (program: string) => `The program ${program} was not found.`,
  usesNoProxy: (program: string, instead: string) =>
    `${program} does not use a proxy, so it connects directly, not through the tunnel. To send it through the tunnel, use sag run --isolate or ${instead}.`,
  nodeUsesNoProxy: (version: string) =>
    `Node.js ${version} ignores the proxy, so fetch and http connect directly, not through the tunnel. Use Node.js 24, or sag run --isolate with any version.`,
  opened: (url: string, browser: string, intranet: string) =>
    `Opened ${url} in ${browser}, through the tunnel to ${intranet}.`,
  forwarded: (protocol: string, listen: string, to: string, intranet: string) =>
    `${protocol} ${listen} → ${to} in ${intranet}`,
  forwardFailed: "The connection could not be forwarded.",
  echo: (host: string, address: string, ms: number) =>
    `${host}${host === address ? "" : ` (${address})`}: ${formats.latency(ms)}`,
  noEcho: (host: string) => `${host}: no answer`,
  allOtherNames: "All other names",
  claimedBySeveral: (what: string, intranets: readonly string[]) =>
    `${what}: claimed by ${intranets.join(" and ")}, so the PAC file sends it to none of them. Use the proxy of one intranet.`,
  noResources: "Your administrator has not published any resources yet.",
  noSshHosts: "Your administrator has not published any ssh hosts yet.",
  allConnected: "All connected intranets",
  /** A comment at the top of what `sag ssh-config` prints. */
  sshConfig: (what: string, command: string) =>
    `${what}: ${command} > ~/.ssh/sag.conf, and at the top of ~/.ssh/config: Include sag.conf`,
};

/** The service of system mode, repair and logs. */
export const host = {
  installed: "The tunnel service is installed.",
  everyUser: (intranets: readonly string[]) =>
    `Every user of this computer can connect to ${intranets.join(", ")} in system mode: sag connect --mode system`,
  administratorsOnly:
    "Only administrators can connect in system mode. To allow every user of this computer: sudo sag service trust LINK",
  trusted: (name: string, code: string) =>
    `Every user of this computer can connect to ${name} (${code}) in system mode.`,
  untrusted: (code: string) =>
    `Only administrators of this computer can connect to ${code} in system mode. A running session ends at its next renewal.`,
  trustIsForInstall: "--trust can only be used with install. Without installing, use: sag service trust LINK",
  whichLink: "Say which intranet: an enrolment link or CODE@HOST.",
  whichTrusted: "Say which intranet: CODE@HOST, as shown by sag service status.",
  byWhatLink: "Say which intranet: an enrolment link or CODE@HOST.",
  nothingToRemove: "There was nothing to remove.",
  removed: "Removed:",
  state: (isInstalled: boolean, isRunning: boolean) =>
    isInstalled
      ? isRunning
        ? "service: installed, running"
        : "service: installed, not running"
      : isRunning
        ? "service: not installed, running"
        : "service: not installed, not running",
  trustedNow: (intranets: readonly string[]) =>
    intranets.length > 0
      ? `every user can connect to: ${intranets.join(", ")}`
      : "every user can connect to: none (allow one: sudo sag service trust LINK)",
  connection: (phase: string, why: string) => (why ? `connection: ${phase} (${why})` : `connection: ${phase}`),
  enrolled: (intranet: string, user: string) => `This computer now connects to ${intranet} as ${user} at every start.`,

  lockdownLifted: "Lockdown is off: this computer can use the network again.",
  sessionUndone: "The tunnel service is running. Its session was ended and all its changes were undone.",
  undone: "Undone:",
  nothingToUndo: "There was nothing to undo.",

  nothingLogged: "Nothing has been logged yet.",
  moreInJournal: "Only the latest lines of system mode are shown. For all of them: journalctl -u sag-tunnel",
};

export const output = {
  interrupted: "Interrupted.",
  closed: "standard output is closed",
  diskFull: "the disk is full",
  /** The output of a verb could not be written. */
  notWritten: (why: string) => `The result could not be written: ${why}.`,
};
