/** What the desktop shows of the app outside of its window: tray, menus, notifications, questions. */
export const shell = {
  tray: {
    open: "Open SAG",
    quit: "Quit",
    signIn: "Sign in…",
    networks: "Intranets",
    addNetwork: "Add an intranet…",
    settings: "Settings…",
    noNetwork: "No intranet yet",
    lockdown: "Lockdown is on: only VPN traffic is allowed",
  },
  menu: {
    close: "Close window",
    edit: "Edit",
    undo: "Undo",
    redo: "Redo",
    cut: "Cut",
    copy: "Copy",
    paste: "Paste",
    remove: "Delete",
    selectAll: "Select all",
  },
  notifications: {
    lost: (name: string) => `No longer connected to ${name}`,
    ended: (name: string) => `Your session with ${name} has ended`,
    expires: (name: string) => `Your sign-in to ${name} ends soon`,
    staysTitle: "You stay connected",
    staysText: "Only the window was closed. SAG keeps running in the tray.",
  },
  quit: {
    question: (names: string) => `You are connected to ${names}`,
    detail:
      "Disconnect before quitting, or stay connected? To disconnect later, run sag disconnect or open this app again.",
    end: "Disconnect and quit",
    stay: "Quit and stay connected",
  },
  /** Comment of the entry that starts the app with the person's session. */
  autostart: "Your company's intranet",
  /** Only a broken window sends one. */
  badArgument: (what: string) => `The argument ${what} is not valid.`,
  licensesMissing: (file: string) => `${file} is missing.`,
};
