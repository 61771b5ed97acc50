import type { CauseCode, WarningWord } from "../../words.ts";
import { formats, locale } from "./formats.ts";

/** The message of each warning, which is a problem while connected. */
export const warnings = {
  unknown: "A problem was reported that this version cannot describe. Update the app, or ask your administrator.",
  instance_unreachable: "Your company's server does not answer. You stay connected for now.",
  expires_soon: "Your sign-in ends soon. Sign in again before it does.",
  clock_wrong: "This computer's clock is wrong. Set the correct time.",
  udp_blocked: "This network blocks UDP, so the connection is slower than usual.",
  mtu_reduced: "This network only carries small packets, so the connection may be slower.",
  lan_overlap: "The network you are on uses the same addresses as the intranet. Some hosts may not be reachable.",
  dns_conflict:
    "Another program keeps changing this computer's DNS settings. Close it, or turn off its DNS settings, and connect again.",
  session_not_saved: "The session could not be saved, so a crash would end it. Free some space on the disk.",
  ccn_not_bound: "This intranet is not connected to your company's network yet.",
  ccn_not_attached_to_cen: "The way to your company's cloud networks is not set up yet.",
  grant_missing: "Your company's network has not been opened for this intranet yet.",
  area_needs_bandwidth: "Part of your company's network can't be reached.",
  acl_denies: "An access rule denies all of your traffic.",
  cloud_network_not_attached: "A part of your company's network is not connected to this intranet.",
  cloud_network_unreachable: "A part of your company's network does not answer.",
  no_routes: "Your administrator has not set up any routes yet.",
} satisfies Record<WarningWord, string>;

/** Messages of warnings with details. */
export const warningDetails = {
  signInEnds: (ends: number): string => {
    const at = new Date(ends).toLocaleString(locale, { dateStyle: "long", timeStyle: "short" });
    return `Your sign-in ends on ${at}. Sign in again before then.`;
  },
  /** `until` is the time of day at which the lease ends; null = unknown. */
  serverAway: (server: string, isConnected: boolean, now: Date, until: Date | null): string => {
    const when = until && formats.moment(now, until);
    if (isConnected) {
      return when
        ? `Your company's server (${server}) does not answer. You stay connected until ${when}.`
        : `Your company's server (${server}) does not answer. You stay connected for now.`;
    }
    return when
      ? `Your company's server (${server}) does not answer. The session lasts until ${when}.`
      : `Your company's server (${server}) does not answer. The session lasts for now.`;
  },
};

/** What to do while it reconnects by itself, so that nothing has to be tried again. */
export const whileReconnecting: Partial<Record<CauseCode, string>> = {
  no_network: "It reconnects as soon as there is a network.",
  captive_portal: "Open any web page and sign in to the network. It then reconnects by itself.",
  vpn_conflict: "Disconnect that VPN. It then reconnects by itself.",
};

/** Messages while reconnecting, after all access points were tried. */
export const noneAnswers = {
  accessPoints: {
    message: "None of your company's access points answers.",
    action: "Trying to reconnect automatically.",
  },
  /** If the cloud instance does not answer either. */
  nothing: {
    message: "Neither your company's server nor any of its access points answers.",
    action: "Check your network. Trying to reconnect automatically.",
  },
};
