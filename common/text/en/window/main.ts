import type { HopWord } from "../../../words.ts";
import { formats } from "../formats.ts";
import { administratorsMessage } from "../states.ts";

/** The main page. */
export const main = {
  /** The current step while connecting. */
  waits: {
    signing_in: "Waiting for your company's server…",
    /** Waiting for the session; then for the first reply of the access point. */
    server: "Waiting for your company's server…",
    accessPoint: "Waiting for an access point…",
    reconnecting: "The access point does not answer. Trying again.",
    disconnecting: "Ending the session…",
    long: "This is taking longer than usual. You can cancel and try again.",
  },
  clientIp: "Client IP",
  accessPointNamed: (name: string) => `Access point: ${name}`,
  latency: "Latency",
  bandwidth: "Speed limit",
  address: "Address",
  nearest: "The nearest working access point is chosen automatically.",
  /** Short names for the chain of hops. */
  hops: {
    client: "You",
    access_point: "Access point",
    instance: "SAG",
    ccn: "CCN",
    cen: "CEN",
    cloud_network: "Cloud network",
  } satisfies Record<HopWord, string>,
  chain: "Path into the intranet",
  cloudNetworks: (count: number) => (count === 1 ? "1 cloud network" : `${count} cloud networks`),
  whole: "works",
  missing: "does not work",
  unknown: "unknown",

  traffic: "Traffic",
  trafficLabel: "Traffic of the last five minutes",
  down: "Down",
  up: "Up",
  now: "now",
  /** For screen readers: "12 s ago: Down 1.2 Mbit/s, Up 40 kbit/s". */
  trafficAt: (when: string, down: number, up: number) => `${when}: Down ${formats.rate(down)}, Up ${formats.rate(up)}`,

  intranet: "Intranet",
  resources: "In the intranet",
  open: (name: string) => `Open ${name}`,
  notReachableNow: "Not reachable now.",
  notOpened: {
    message: "Your browser did not start. Copy the address and open it yourself.",
    copy: "Copy address",
    details: "Details",
  },
  browsers: "Open intranet pages in my browser",
  browsersOf: (name: string) => `Open pages of ${name} in my browser`,
  browsersRefused: "The proxy setting of this desktop cannot be changed. Use the Open buttons here.",
  browsersHint: "Changes this computer's proxy setting while you are connected.",

  networks: "Intranets",
  addNetwork: "Add an intranet",
  settings: "Settings",
  networkMenu: (name: string) => `Intranet: ${name}`,
  notice: administratorsMessage,
  dismiss: "Dismiss",
  sessions: "Sessions in use",
  end: "End and connect",
  endSession: (device: string) => `End the session of ${device} and connect`,
  endQuestion: (device: string) => `End the session of ${device}?`,
  /** `ms`: time since the connection was established. */
  endText: (ms: number) =>
    ms < 60_000
      ? "It connected just now. That device loses its connection, and this computer connects."
      : `It has been connected for ${formats.duration(ms)}. That device loses its connection, and this computer connects.`,
  sessionAge: (clientIp: string, ms: number) => (clientIp ? `${clientIp} · ${formats.age(ms)}` : formats.age(ms)),
};
