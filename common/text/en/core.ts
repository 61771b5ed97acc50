/** Messages of core other than causes: refusals of invalid input, and notices. */
export const core = {
  intranets: {
    several: (names: readonly string[]) =>
      `There are several intranets: ${names.join(", ")}. Name one with --intranet NAME, or choose a default: sag intranets --default NAME.`,
    nameTaken: (name: string) => `Another intranet on this computer is already called ${name}.`,
    badName: "The name of an intranet may have up to 64 letters, digits, dots, dashes and underscores.",
    /** In place of the name of an intranet that has none on this computer. */
    another: "another intranet",
  },
  settings: {
    putAside: (path: string) => `The settings could not be read. They were moved to ${path}.`,
    notWritten: "The settings could not be saved.",
  },
  invitation: {
    notOne: (text: string) => `${text} is neither an enrolment link (sag://enroll?…) nor CODE@HOST.`,
    tooLong: "This is too long for an enrolment link.",
    beginning: "An enrolment link begins with sag://enroll?",
    badPins: "The pins in the link are not valid.",
    incomplete: "The link is incomplete. Copy it again. At a terminal, put it in quotes.",
    repeats: (name: string) => `The link has more than one ${name}.`,
    badCode: "An enterprise code has five letters or digits.",
    badPin: "A pin is the SHA-256 of the server's public key.",
    badServer: "That is not a server name. Example: sag.example.com",
    codeAlone: "An enterprise code alone does not say which server: use CODE@HOST or an enrolment link.",
    needsTls13: (server: string) =>
      `${server} does not support TLS 1.3, which is required (a reverse proxy may have to allow it)`,
  },
  account: {
    badId: (id: string, verb: string) => `"${id}" is not a valid ID. \`sag ${verb}\` lists the IDs.`,
    notRevoked: (why: string) =>
      `${why} The sign-in is deleted from this computer; on the server it expires by itself.`,
  },
  /** A session is connected already, with other settings than those asked for. */
  otherSettings: {
    message: (intranet: string, settings: readonly string[]) =>
      `${intranet} is already connected with other settings: ${settings.join(", and ")}.`,
    accessPoint: (name: string) => `through the access point ${name}`,
    socks: (address: string) => `with the SOCKS5 proxy at ${address}`,
    http: (address: string) => `with the HTTP proxy at ${address}`,
    outside: {
      direct: "with direct connections outside the intranet",
      refuse: "with connections outside the intranet refused",
    },
    noProxy: "in system mode, without proxies",
    unknownAccessPoint: (name: string, available: string) =>
      `There is no access point ${name}. Available: ${available}.`,
  },
  modes: {
    proxy: (why: string) => `${why} Connecting in proxy mode: programs set to use the proxy can reach the intranet.`,
    system:
      "The tunnel service is running. Connecting in system mode: every program on this computer can reach the intranet.",
  },
  service: {
    notRoots: (path: string) => `${path} does not belong to root. Nothing was sent to it.`,
    endedInLockdown: "The tunnel service is not running, and lockdown is still on.",
    ended: "The tunnel service ended without restoring the network settings.",
    linuxOnly: "The tunnel service is available on Linux only.",
    rootOnly: "Only root can install or remove services on this computer.",
    noSystemd: "The tunnel service needs systemd, which does not run on this computer.",
    repairFailed: (output: string) => `sag-tunnel repair failed: ${output}`,
    commandFailed: (command: string, output: string) => `${command}: ${output}`,
    incomplete: (what: string) => `${what} is missing from this installation.`,
  },
  browser: {
    endedAtOnce: (program: string, how: string) => `${program} exited immediately (${how}). No page was opened.`,
    signal: (name: string) => `signal ${name}`,
    exitCode: (code: number) => `exit code ${code}`,
    /** Possible reasons why the browser exited. */
    noDisplayHere: "There is no display (DISPLAY and WAYLAND_DISPLAY are not set).",
    itSaid: (output: string) => `Its output: ${output}`,
    noDisplay: "No browser was opened: there is no display (DISPLAY and WAYLAND_DISPLAY are not set).",
    none: "No browser was found that supports a separate profile.",
    notFound: (program: string) => `The browser ${program} was not found.`,
  },
  ports: {
    rootOnly: (port: number) => `Only root may listen on port ${port}`,
    process: (program: string, pid: string) => `${program} (process ${pid})`,
    someProgram: "a program",
    otherUsers: "a program of another user",
    anotherProgram: "another program",
    socks: "SOCKS5",
    http: "the HTTP proxy",
    moved: (former: string, holder: string, what: string, now: string) =>
      `${former} is in use by ${holder}. From now on ${what} is at ${now}.`,
  },
  /** Conflicts in the PAC file that all intranets share. */
  shortNames: "short names",
  logs: {
    nothingLogged: (why: string) => `${why} Nothing is being logged.`,
  },
};
