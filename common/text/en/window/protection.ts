import { formats } from "../formats.ts";

/** Texts about what the kill switch and lockdown drop, and how to turn lockdown off. */
export const protection = {
  label: "This computer",
  mode: {
    system: "All apps can reach the intranet.",
    proxy: "Only apps set to use the proxy can reach the intranet.",
  },
  /** While reconnecting, or without routes. */
  noApp: "No app can reach the intranet now.",
  browsers: "Your browser and other apps that use this computer's proxy setting can reach the intranet.",
  none: "No traffic is blocked.",
  noneUp: "No traffic is blocked outside the tunnel.",
  held: {
    intranet: "Protected: traffic to the intranet leaves only through the tunnel.",
    all: "Blocked: nothing leaves this computer except through the tunnel.",
  },
  heldDown: {
    intranet: "Blocked: the intranet cannot be reached until you connect.",
    all: "Blocked: nothing leaves this computer until you connect.",
  },
  what: (prefixes: string) => `Blocked addresses: ${prefixes}`,
  lift: "To unblock it, disconnect.",
  liftNow: "Unblock",
  liftQuestion: "Unblock the network?",
  liftText: "Traffic to the intranet's addresses may then leave this computer without the tunnel.",
  names: (domains: string) => `Names under ${domains} are looked up in the intranet.`,
  allNames: "All names are looked up in the intranet.",
  namesTrouble: (found: string) => `Some names may not resolve: ${found}`,
  more: (some: string, count: number) => `${some} and ${count} more`,
};

export const lockdown = {
  label: "Lockdown",
  title: "Lockdown is on. Only VPN traffic is allowed.",
  /** Who turned it on, and since when: "On for 14 min, set by an administrator." */
  on: (sinceMs: number | null, by: "administrator" | "policy" | null) => {
    const state =
      sinceMs === null ? "On" : sinceMs < 60_000 ? "Turned on just now" : `On for ${formats.duration(sinceMs)}`;
    if (by === "administrator") return `${state}, set by an administrator`;
    return by === "policy" ? `${state}, set by your company's policy` : state;
  },
  lift: "Turn off lockdown",
  liftQuestion: "Turn off lockdown?",
  liftText: "Apps can use the internet again without the tunnel.",
  liftPolicyText:
    "Apps can use the internet again without the tunnel. Lockdown stays off until the policy is removed and set again.",
  administrator: "An administrator of this computer can turn it off:",
  command: "command",
  portal: "Sign in to this network",
  portalHint: "For networks with their own sign-in page, as in hotels. Lets you reach that page for five minutes.",
  portalOpen: (link: string, left: string) =>
    `You can reach the network's sign-in page over ${link} for another ${left}. Open any web page to get there.`,
};
