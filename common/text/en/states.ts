import type { HopWord, MenderWord, PhaseWord } from "../../words.ts";

/** Where a connection is. */
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

/** Who can fix a failure or a warning. */
export const menders = {
  you: "You can fix this",
  administrator: "Your administrator can fix this",
  network: "Your current network may be the cause",
} satisfies Record<MenderWord, string>;

/** What a hop without a name of its own is called. */
export const hops = {
  client: "You",
  access_point: "Access point",
  instance: "SAG instance",
  ccn: "CCN",
  cen: "CEN",
  cloud_network: "Cloud network",
} satisfies Record<HopWord, string>;

/** What a person can do, wherever it is offered: window, tray, menu. */
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

/** A message from the administrator: in the window and as a notification. */
export const administratorsMessage = (name: string): string => `Message from the administrator of ${name}`;
