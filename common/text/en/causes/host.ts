import type { CauseText } from "../../types.ts";
import { about, asSentence } from "./shared.ts";

const permission = (field: string | undefined): string =>
  field === "port" ? "Choose a port from 1024 to 65535." : "Ask your administrator for this permission.";

/** Causes on this host, and of commands. */
export const host = {
  tunnel_binary_missing: {
    message: "The tunnel program is missing.",
    action: "Install the app again.",
    command: "Install again, or in a checkout run npm run build:native.",
  },
  tunnel_crashed: {
    message: "The tunnel program stopped unexpectedly.",
    action: "Connect again; the session is kept.",
    command: "Run sag connect; the session is kept.",
  },
  service_not_running: {
    message: ({ text, field }) =>
      text ||
      (field === "not_installed" ? "The tunnel service is not installed." : "The tunnel service is not running."),
    action: ({ text, field }) =>
      field === "not_installed"
        ? "Try again to connect without it, in proxy mode. An administrator of this computer can install it."
        : text || field === "left_behind"
          ? "An administrator of this computer can start it again or restore the network."
          : "Try again to connect without it, in proxy mode. An administrator of this computer can start it.",
    command: ({ text, field }) => {
      switch (field) {
        case "not_installed":
          return "Install it (sudo sag service install), or use proxy mode: sag connect --mode proxy";
        case "systemd":
          return "Use proxy mode instead: sag connect --mode proxy";
        case "systemctl":
          return "See the service's log for the reason: journalctl -u sag-tunnel";
        default:
          return text || field === "left_behind"
            ? "Start it again (sudo systemctl start sag-tunnel), or restore the network: sudo sag repair"
            : "Start it (sudo systemctl start sag-tunnel), or use proxy mode: sag connect --mode proxy";
      }
    },
  },
  not_permitted: {
    message: (d) =>
      d.field === "trust" && d.subject
        ? `No administrator of this computer has trusted ${d.subject} for system mode.`
        : (asSentence(d) ?? `${about("You don't have permission for", d, "You don't have permission to do this")}.`),
    action: ({ field }) => (field === "trust" ? "An administrator of this computer can allow it." : permission(field)),
    // In `sag status` the subject is the intranet's name, which is not what the command takes.
    command: ({ field, subject }) =>
      field === "trust"
        ? `An administrator can allow it: sudo sag service trust ${subject?.includes("@") ? subject : "LINK"}`
        : permission(field),
  },
  vpn_conflict: {
    message: ({ subject, text }) =>
      subject
        ? `This computer is already connected to ${subject}. System mode allows one intranet at a time.`
        : text
          ? `Another VPN on this computer conflicts with this one: ${text}.`
          : "Another VPN on this computer conflicts with this one.",
    action: ({ subject }) =>
      subject ? `Disconnect ${subject}, or connect in proxy mode.` : "Disconnect that VPN and try again.",
  },
  port_in_use: {
    message: (d) => `${about("The address", d, "The address")} is in use by ${d.holder ?? "another program"}.`,
    action: ({ holder }) => `Close ${holder ?? "that program"} and try again.`,
    command: ({ field }) =>
      field === "forward" ? "Choose another port." : "Choose another port with --socks or --http.",
  },
  storage_full: {
    message: "The disk is full.",
    action: "Free some space and try again.",
  },
  storage_readonly: {
    message: (d) =>
      asSentence(d) ?? (d.subject ? `${d.subject} cannot be written to.` : "The settings cannot be saved."),
    action: "Check the permissions of the file and its directory, then try again.",
  },
  storage_damaged: {
    message: (d) => asSentence(d) ?? `${about("The files in", d, "The files")} are damaged.`,
    action: "Tell your administrator: the server's data has to be restored from a backup.",
  },
  keychain_unavailable: {
    message: "No keychain found, so your sign-in can't be saved securely.",
    action: 'Turn on "Save my sign-in in a file", or start the system\'s keychain and try again.',
    command: "Start the system's keychain, or keep the sign-in in a file: --store file.",
  },
  keychain_locked: {
    message: "The keychain is locked.",
    action: "Unlock it and try again.",
    command: "Unlock it and try again, or sign in again with --store file.",
  },
  in_use_by_another_user: {
    message: "Another user of this computer is connected.",
    action: "Ask them to disconnect.",
  },
  unknown_intranet: {
    message: (d) =>
      d.subject ? `There is no intranet called ${d.subject} on this computer.` : "No intranet has been added yet.",
    action: (d) => (d.subject ? "Sign in to it first." : "Sign in with your enrolment link."),
    command: (d) =>
      d.subject
        ? "Run sag intranets to see the names, or sag sign-in to add one."
        : "Sign in with your enrolment link: sag sign-in LINK",
  },
  not_connected: {
    message: (d) => `${about("You are not connected to", d, "You are not connected")}.`,
    action: "Connect first.",
    command: "Run sag connect.",
  },
  name_not_found: {
    message: (d) => `${about("The name", d, "The name")} does not exist in the intranet.`,
    action: "Check the name.",
  },
  target_refused: {
    message: (d) => `${d.subject ?? "The target"} refused the connection.`,
    action: "Check the port, or ask whoever runs it.",
  },
  target_unreachable: {
    message: (d) => `${d.subject ?? "The target"} cannot be reached.`,
    action: "Check the address, or ask your administrator whether the intranet has a route to it.",
  },
  target_timeout: {
    message: (d) => `${d.subject ?? "The target"} did not answer in time.`,
    action: "Try again, or ask whoever runs it.",
  },
  target_denied: {
    message: (d) =>
      `An access list or a firewall of the intranet does not allow ${d.subject ? `connections to ${d.subject}` : "this connection"}.`,
    action: "If you need it, ask your administrator.",
  },
  data_directory_in_use: {
    message: (d) => `${about("The data directory", d, "The data directory")} is in use by another process.`,
    action: "Stop that process, or use another directory.",
  },
  not_a_real_path: {
    message: (d) => (d.subject ? `${d.subject} is not a real path.` : "The path contains a symbolic link."),
    action: "Use the path itself, not a symbolic link to it.",
  },
  not_found: {
    message: ({ text }) => text || "The requested object does not exist.",
    action: ({ field }) =>
      (field === "display" && "Open the page on a connected computer that has a display.") ||
      (field === "browser" && "Install Chromium, Google Chrome or Firefox.") ||
      "Check the name.",
    command: ({ field }) =>
      (field === "display" &&
        "The page can be reached only from a connected computer. Run sag open URL on one with a display, or get the page here with sag run curl URL. For the proxy's addresses, run sag proxy.") ||
      (field === "browser" && "Install Chromium, Google Chrome or Firefox, or name another browser with --browser.") ||
      "Check the name.",
  },
  already_exists: {
    message: ({ text }) => text || "An object with this name already exists.",
    action: ({ field }) => (field === "session" ? "Disconnect first." : "Choose another name."),
    command: ({ field, subject }) =>
      field === "session" ? `Disconnect first: sag disconnect ${subject ?? ""}` : "Choose another name.",
  },
} satisfies Record<string, CauseText>;
