import type { CauseText } from "../../types.ts";
import { about, asSentence } from "./shared.ts";

/** Causes in the cloud instance, the network and access points. */
export const network = {
  instance_unreachable: {
    message: (d) => `${about("Your company's server", d, "Your company's server")} does not answer.`,
    action: "If other pages load, tell your administrator.",
  },
  instance_identity_changed: {
    message: (d) => `${about("The certificate of", d, "The certificate of the server")} is not the expected one.`,
    action: "Nothing was sent. Ask your administrator whether it was replaced, and for a new enrolment link.",
    command:
      "Nothing was sent. If your administrator says it was replaced, sign in with a new link and --replace-identity.",
  },
  instance_identity_unknown: {
    message: (d) => `${about("The certificate of", d, "The certificate of the server")} could not be verified.`,
    action: "Use an enrolment link, or compare the fingerprint with your administrator and confirm it.",
    command: "Use an enrolment link, or run sag sign-in at a terminal and compare the fingerprint.",
  },
  instance_locked: {
    message: "This intranet is locked.",
    action: "Ask your administrator to unlock it. A payment may be overdue.",
  },
  instance_expired: {
    message: "This intranet has expired.",
    action: "Ask your administrator to renew it.",
  },
  answer_invalid: {
    // With a field, an administrator has set an invalid value, and sag-tunnel names it in the text.
    message: (d) =>
      (d.field === undefined ? asSentence(d) : asSentence({ text: d.text ?? "" })) ??
      `${about("The answer from", d, "The server's answer")} could not be understood.`,
    action: (d) =>
      d.field === undefined
        ? "Check the server's address, or ask your administrator."
        : "Ask your administrator to change this setting of the intranet.",
  },
  answer_too_large: {
    message: (d) => `${about("The answer from", d, "The server's answer")} is too large.`,
    action: "Check the server's address, or ask your administrator.",
  },
  answer_missing: {
    message: (d) => asSentence(d) ?? "The server has not answered yet; the request may still be carried out.",
    action: "Check whether it was carried out before you repeat it.",
  },
  protocol_too_old: {
    message: "Your company's server is too old for this app.",
    action: "Ask your administrator to upgrade it.",
  },
  client_too_old: {
    message: "This app is too old for your company's server.",
    action: "Ask your administrator for the current version, install it, and try again.",
  },
  identity_provider_unavailable: {
    message: "Your company's identity provider does not answer.",
    action: "Try again in a minute, or ask your administrator.",
  },
  captive_portal: {
    message: "This network has its own sign-in page.",
    action: "Open any web page, sign in to the network and try again.",
  },
  no_network: {
    message: "This computer is not connected to a network.",
    action: "Connect to a network and try again.",
  },
  access_point_unreachable: {
    message: (d) => `${about("The access point", d, "The access point")} does not answer.`,
    action: "Try again. If it still does not answer, ask your administrator. The network you are on may also block it.",
  },
  no_access_point: {
    message: "Your company's access points are offline.",
    action: "Try again in a minute, or ask your administrator.",
  },
  address_pool_exhausted: {
    message: "All client addresses are in use.",
    action: "Ask your administrator for a larger address range.",
  },
  dns_unavailable: {
    message: (d) => asSentence(d) ?? `${about("The name", d, "The server's name")} cannot be looked up.`,
    action: "Check the name and your network.",
  },
} satisfies Record<string, CauseText>;
