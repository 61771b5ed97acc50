import type { HopWord, MenderWord, PhaseWord } from "../../electron/core/model.ts";

/** Every word of the window. Causes and warnings speak from core's tables. */
export const words = {
  app: "SAG",
  back: "Back",
  cancel: "Cancel",
  continue: "Continue",
  copied: "Copied",
  copy: (what: string) => `Copy ${what}`,

  phases: {
    signed_out: "Signed out",
    signing_in: "Signing in",
    disconnected: "Disconnected",
    connecting: "Connecting",
    connected: "Connected",
    reconnecting: "Reconnecting",
    disconnecting: "Disconnecting",
    failed: "Not connected",
  } satisfies Record<PhaseWord, string>,

  /** What a wait waits for. */
  waits: {
    signing_in: "Waiting for the cloud instance to answer",
    connecting: "Asking for a session and waiting for an access point",
    reconnecting: (accessPoint: string | null) =>
      accessPoint ? `${accessPoint} does not answer. Trying again.` : "Waiting for an access point to answer",
    disconnecting: "Ending the session",
    long: "This takes longer than usual. You can cancel and try again.",
  },

  connect: "Connect",
  disconnect: "Disconnect",
  connectAgain: "Connect again",
  tryAgain: "Try again",
  signIn: "Sign in",
  signInAgain: "Sign in again",
  useAnotherLink: "Use another link",
  choosePassword: "Choose a password",

  clientIp: "Client IP",
  accessPoint: "Access point",
  latency: (ms: number) => `${ms < 10 ? Math.max(ms, 0.1).toFixed(1) : Math.round(ms)} ms`,
  latencyLabel: "Latency",
  address: "Address",
  nearest: "The nearest one that works is chosen for you.",

  hops: {
    client: "You",
    access_point: "Access point",
    instance: "SAG",
    ccn: "CCN",
    cen: "CEN",
    cloud_network: "Cloud network",
  } satisfies Record<HopWord, string>,
  chain: "The way into the intranet",
  cloudNetworks: (count: number) => (count === 1 ? "1 cloud network" : `${count} cloud networks`),
  whole: "works",
  missing: "does not work",

  menders: {
    you: "You can mend this",
    administrator: "Your administrator can mend this",
    network: "It is the network you are on",
  } satisfies Record<MenderWord, string>,
  causeCode: "Code for support",

  traffic: "Traffic",
  trafficLabel: "Traffic of the last five minutes",
  down: "Down",
  up: "Up",
  now: "now",
  before: (seconds: number) =>
    seconds < 60 ? `${seconds} s ago` : `${Math.floor(seconds / 60)} min ${seconds % 60} s ago`,

  intranet: "Intranet",
  resources: "In the intranet",
  open: (name: string) => `Open ${name}`,

  guard: {
    label: "This computer",
    mode: {
      system: "For the whole computer",
      proxy: "For this computer's browsers and programs that ask. Nothing else is touched.",
    },
    none: "Nothing is held back on this computer.",
    noneUp: "Nothing is held back outside the tunnel.",
    held: {
      intranet: "Protected: the intranet is reached only through the tunnel.",
      all: "Blocked: nothing leaves this computer except through the tunnel.",
    },
    heldDown: {
      intranet: "Blocked: nothing leaves for the intranet until you connect.",
      all: "Blocked: nothing leaves this computer until you connect.",
    },
    what: (prefixes: string) => `Held back: ${prefixes}`,
    lift: "Disconnecting lifts this.",
    liftNow: "Disconnect and lift this",
    names: (domains: string) => `Names of ${domains} are looked up inside`,
    allNames: "All names are looked up inside",
    namesTrouble: (found: string) => `Names may go astray: ${found}`,
    more: (some: string, count: number) => `${some} and ${count} more`,
  },
  lockdown: {
    label: "Lockdown",
    title: "Lockdown: nothing leaves this computer but the tunnel.",
    by: { administrator: "Set by an administrator", policy: "Set by your company's policy" },
    lift: "Lift lockdown",
    liftQuestion: "Lift lockdown?",
    liftText: "Everything may leave this computer again, with the tunnel or without.",
    liftPolicy: "It stays lifted until the policy is withdrawn and set again.",
    administrator: "An administrator of this computer can lift it:",
    command: "command",
    portal: "Sign in to this network",
    portalHint: "For networks with a sign-in page of their own, as in hotels. Opens the way to it for five minutes.",
    portalOpen: (link: string, left: string) =>
      `The network's sign-in page can be reached by ${link} for ${left}. Open any web page to get there.`,
  },
  browsers: "Use for this computer's browsers",
  browsersHint: "Intranet pages open in your browser. Everything else stays as it is.",

  networks: "Networks",
  addNetwork: "Add a network",
  settings: "Settings",
  networkMenu: (name: string) => `Network: ${name}`,
  notice: (name: string) => `Message from the administrator of ${name}`,
  dismiss: "Dismiss",
  sessions: "Sessions in use",
  end: "End",
  endSession: (device: string) => `End the session of ${device} and connect`,
  age: (text: string) => `for ${text}`,

  add: {
    title: "Connect to your company",
    intro: "Your company gave you an enrolment link or an enterprise code.",
    field: "Enrolment link or enterprise code",
    placeholder: "sag://enroll?… or CODE@server",
    server: "Server",
    serverHint: "Your company's SAG server, for example sag.example.com",
    invalid: "This is neither an enrolment link nor an enterprise code.",
    looking: "Looking for your company",
  },
  identity: {
    title: "Is this the right server?",
    intro: (server: string) =>
      `Nobody vouches for ${server}. Compare this fingerprint with the one your administrator gave you.`,
    fingerprint: "Fingerprint",
    yes: "It is the same",
    no: "It is different",
  },
  signInPage: {
    title: (name: string) => `Sign in to ${name}`,
    server: "Server",
    userName: "User name",
    password: "Password",
    forgotten: "Forgotten password?",
    inFile: "Keep me signed in with a file",
    inFileHint:
      "There is no keychain on this computer. Whoever can read your files can use the sign-in until you sign out.",
  },
  forgotten: {
    title: "Forgotten password",
    intro: "A code is sent to the mail address of your account. With it you choose a new password here.",
    send: "Send the code",
    sending: "Asking for the code",
  },
  reset: {
    title: "Check your mail",
    intro: (userName: string) => `If there is an account of ${userName}, a code is on its way to its mail address.`,
    code: "Code from the mail",
    codeHint: (name: string) =>
      `Good for 15 minutes, on this computer only. No mail? Look among the unwanted, or ask the administrator of ${name}.`,
    done: "Set password and sign in",
    again: "Send another code",
  },
  otp: {
    title: "Enter your code",
    intro: "Your authenticator app shows six digits for this account.",
    field: "Six-digit code",
    fresh: "From your authenticator app. One that was used already is not taken again: wait for the next.",
  },
  setUp: {
    title: "Set up your authenticator",
    intro: (name: string) =>
      `${name} asks for a second factor. Scan this with an authenticator app, or type the key. Then enter the six digits it shows.`,
    code: "QR code with the key below, for an authenticator app",
    key: "Key",
  },
  newPassword: {
    title: "Choose a new password",
    intro: "Your administrator asks you to replace the password you were given.",
    field: "New password",
    again: "New password again",
    different: "The two passwords are not the same.",
    done: "Change password and sign in",
  },
  settingsPage: {
    start: "Start",
    launchAtLogin: "Start when I sign in to this computer",
    startHidden: "Start in the background",
    connectAtStart: "Connect when the app starts",
    connection: "Connection",
    appearance: "Appearance",
    theme: "Theme",
    themes: { system: "As the system", light: "Light", dark: "Dark" },
    advanced: "Advanced",
    mode: "Mode",
    modes: { proxy: "Proxy", system: "Whole computer" },
    names: "Names by",
    socks: "SOCKS5 proxy",
    http: "HTTP proxy",
    pac: "PAC address",
    sessionId: "Session",
    version: "Version",
    account: "Account",
    signOut: "Sign out",
    signOutQuestion: (name: string) => `Sign out of ${name}?`,
    signOutText: "The connection ends. You will need your password to sign in again.",
    remove: "Remove from this computer",
    removeQuestion: (name: string) => `Remove ${name}?`,
    removeText: "You will need an enrolment link or enterprise code to add it again.",
    afterConnect: "Shown while connected",
  },
  passwordShow: "Show password",
  passwordHide: "Hide password",
};

/** "2 h 14 min", "14 min", "less than a minute". */
export const duration = (ms: number): string => {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return "less than a minute";
  const days = Math.floor(minutes / 1440);
  const hours = Math.floor((minutes % 1440) / 60);
  if (days > 0) return hours > 0 ? `${days} d ${hours} h` : `${days} d`;
  return hours > 0 ? `${hours} h ${minutes % 60} min` : `${minutes} min`;
};

/** Bits per second: "12.4 Mbit/s". */
export const rate = (bits: number): string => {
  if (bits < 1000) return `${Math.round(bits)} bit/s`;
  for (const [size, unit] of [
    [1e9, "Gbit/s"],
    [1e6, "Mbit/s"],
  ] as const) {
    if (bits >= size) return `${(bits / size).toFixed(1)} ${unit}`;
  }
  return `${(bits / 1000).toFixed(bits < 10_000 ? 1 : 0)} kbit/s`;
};
