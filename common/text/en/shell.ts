/** Texts of the app outside its window: tray, menus, notifications, dialogs. */
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
    detail: "Disconnect before quitting, or stay connected? To disconnect later, open this app again.",
    end: "Disconnect and quit",
    stay: "Quit and stay connected",
  },
  /** Comment of the autostart entry, which starts the app when the user logs in. */
  autostart: "Your company's intranet",
  /** For a malformed call from the window, which only a defect can cause. */
  badArgument: (what: string) => `The argument ${what} is not valid.`,
  licensesMissing: (file: string) => `${file} is missing.`,
};
