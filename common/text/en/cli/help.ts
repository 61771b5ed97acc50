/** Texts of --help: each verb with its options. Flags and placeholders are not translated. */
const sentences = {
  otp: "read the code of your authenticator from standard input, next line",
  password: "read the password from standard input, first line",
  replaceIdentity: "replace the server's known key by the one in the link, without asking",
  user: "your user name",
  store: "where to save the sign-in: keychain or file (default: keychain)",
  version: "print the version",
};

/** Headings and lines that the parser itself adds. */
export const parser = {
  usage: "Usage:",
  arguments: "Arguments:",
  options: "Options:",
  commands: "Commands:",
  examples: "Examples:",
  help: "display help for command",
};

/** Messages of the parser about an invalid command line. */
export const parserErrors = {
  unknownOption: (option: string) => `unknown option '${option}'`,
  unknownCommand: (command: string) => `unknown command '${command}'`,
  missingArgument: (argument: string) => `missing required argument '${argument}'`,
  optionMissingArgument: (option: string) => `option '${option}' argument missing`,
  excessArguments: (verb: string, expected: number, received: number) =>
    `too many arguments${verb && ` for '${verb}'`}. Expected ${expected} argument${expected === 1 ? "" : "s"} but got ${received}.`,
  didYouMean: (names: string) => `(Did you mean ${names}?)`,
  didYouMeanOneOf: (names: string) => `(Did you mean one of ${names}?)`,
};

export const help = {
  program: "Connect to your company's intranet.",
  json: "print only JSON on standard output, also for failures",
  version: sentences.version,
  intranet: "which intranet, if there are several",
  link: "enrolment link or CODE@HOST, if nobody has signed in here yet",
  userWithLink: "your user name, with --link",
  verbs: {
    signIn: {
      summary: "sign in with an enrolment link or CODE@HOST, or again with an intranet's name, and save the sign-in",
      server: "your company's server, instead of a link",
      enterpriseCode: "with --server: five letters or digits, instead of a link",
      user: sentences.user,
      password: sentences.password,
      otp: sentences.otp,
      store: sentences.store,
      replaceIdentity: sentences.replaceIdentity,
      intranet: "name for it on this computer; without a link, the intranet to sign in to again",
    },
    signOut: {
      summary: "disconnect and end the sign-in",
      forget: "also remove the intranet and its server's known key from this computer",
    },
    password: {
      summary: "change your password",
      password: "read the current password and the new one from standard input, two lines",
      otp: sentences.otp,
      forgotten: "have a code sent to your email address, and use it to set a new password",
      code: "with --forgotten: read the code and the new password from standard input, two lines",
    },
    secondFactor: {
      summary: "set up an authenticator, or remove it",
      confirm: "only confirm a new authenticator, with a code it shows",
      remove: "remove the second factor",
      password: sentences.password,
      otp: sentences.otp,
    },
    devices: { summary: "list your devices", end: "sign this device out and end its session" },
    sessions: { summary: "list your running sessions", end: "end this session" },
    connect: {
      summary: "connect; with a link, sign in and connect in one step (the sign-in is saved only with --store)",
      user: "your user name, with a link",
      password: "read the password from standard input, first line; it is not saved",
      otp: sentences.otp,
      store: "with a link or a password: also save the sign-in, in keychain or file (default: not saved)",
      replaceIdentity: sentences.replaceIdentity,
      mode: "proxy, system, or auto: system if the tunnel service is available, else proxy (default: auto)",
      accessPoint:
        "use this access point, by name or ID; an unknown name prints those available (default: the nearest that works)",
      outside: "what the proxy does with addresses outside the intranet: direct or refuse (default: direct)",
      socks: "loopback address for the SOCKS5 proxy (default: the last one, or a free port)",
      http: "loopback address for the HTTP proxy (default: the last one, or a free port)",
      timeout: "give up after this time, for example 15s (default: 15s)",
      foreground: "stay in the foreground and reconnect until Ctrl-C or SIGTERM, then disconnect; for a systemd unit",
    },
    status: {
      summary: "show every intranet, after checking that its tunnel works",
      watch: "keep updating until Ctrl-C",
    },
    disconnect: { summary: "disconnect" },
    intranets: {
      summary: "list the intranets on this computer",
      default: "make this intranet the default: it is used when none is named",
    },
    proxy: {
      summary: "print the proxy addresses, and lines to set them in a shell",
      all: "write one PAC file for all connected intranets, and print its address",
    },
    run: {
      summary: "run a command with the proxies in its environment; -- may stand before the command",
      isolate:
        "run it in its own network namespace, connected only to the tunnel, for programs that cannot use a proxy (Linux)",
    },
    open: {
      summary: "open a page in a browser with a separate profile for the intranet",
      browser: "which browser, by name or path (default: the first one found)",
    },
    forward: { summary: "forward a local port to the intranet until Ctrl-C: [udp:][ADDRESS:]PORT:HOST:PORT" },
    sshProxy: { summary: "connect standard input and output to a host, for OpenSSH's ProxyCommand" },
    resources: { summary: "list the resources your administrator has published" },
    sshConfig: {
      summary: "print Host blocks for OpenSSH, one for each published resource of the kind ssh",
      all: "for all connected intranets",
    },
    ping: {
      summary: "ping a host in the intranet",
      count: "how many pings (default: 4)",
      timeout: "how long to wait for each reply, for example 500ms (default: 2s)",
    },
    logs: {
      summary: "show the log of the app, the command line and the tunnel, in order of time",
      lines: "how many of the latest lines (default: 100)",
      follow: "keep printing new lines until Ctrl-C",
    },
    repair: {
      summary:
        "undo everything that system mode has changed on this computer; requires root, works without the tunnel service",
    },
    lockdown: {
      summary:
        "block everything except the tunnel: on, off, status; portal makes a captive portal reachable for some minutes",
      for: "with portal: how long, for example 2m (default and maximum: 5m)",
      yes: "with on: do not ask for confirmation; required without a terminal",
    },
    service: {
      summary:
        "the tunnel service for system mode: install, remove, status; trust LINK lets every user of this computer connect to an intranet, untrust revokes that; enroll LINK connects this computer at every start",
      trust: "with install: enrolment link or CODE@HOST of an intranet that every user may connect to",
      user: "with enroll: user name of this computer's account",
      password: "with enroll: read the password from standard input, first line",
      otp: "with enroll: read the code of an authenticator from standard input, next line",
      root: "with install: root directory of a disk image to install into, instead of this computer",
    },
    completion: { summary: "print a completion script: bash, zsh, fish or powershell" },
    version: {
      summary: sentences.version,
      licenses: "print the licences of bundled software",
    },
  },
};
