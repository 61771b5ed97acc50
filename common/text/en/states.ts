import type { ShownState } from "../../tone.ts";
import type { FixerWord, HopWord, PhaseWord } from "../../words.ts";

/** Names of the phases of a connection. */
export const phases = {
  signed_out: "Signed out",
  signing_in: "Signing in",
  disconnected: "Disconnected",
  connecting: "Connecting",
  connected: "Connected",
  reconnecting: "Reconnecting",
  disconnecting: "Disconnecting",
  failed: "Not connected",
} satisfies Record<PhaseWord, string>;

/** What the state of an intranet is called: headline, tray and `sag status`. */
export const shownStates = { ...phases, nothing_reachable: "Nothing can be reached" } satisfies Record<
  ShownState,
  string
>;

/** Who can fix a failure or a warning. */
export const fixers = {
  you: "You can fix this",
  administrator: "Your administrator can fix this",
  network: "Your current network may be the cause",
} satisfies Record<FixerWord, string>;

/** Names of hops that have none. */
export const hops = {
  client: "You",
  access_point: "Access point",
  instance: "SAG instance",
  ccn: "CCN",
  cen: "CEN",
  cloud_network: "Cloud network",
} satisfies Record<HopWord, string>;

/** Labels of actions, the same in window, tray and menu. */
export const actions = {
  connect: "Connect",
  disconnect: "Disconnect",
  connectAgain: "Connect again",
  tryAgain: "Try again",
  cancel: "Cancel",
  signIn: "Sign in",
  signInAgain: "Sign in again",
  useAnotherLink: "Use another link",
  choosePassword: "Choose a password",
};

export const appName = "SAG";

/** Title of a message from the administrator, in the window and in the notification. */
export const administratorsMessage = (name: string): string => `Message from the administrator of ${name}`;
