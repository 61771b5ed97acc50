import type { HopState } from "../../../hop-state.ts";
import { formats } from "../formats.ts";

const counted = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

/** "3 prefixes and 2 domains", without those of which there are none. */
const parts = (all: readonly (string | null)[]): string => formats.list(all.filter((part) => part !== null));

/** `sag status`, line by line. */
export const status = {
  none: "No intranet has been added yet. Sign in with your enrolment link: sag sign-in LINK",
  account: (user: string, server: string) => `${user} at ${server}`,
  socks: (address: string) => `SOCKS ${address}`,
  http: (address: string) => `HTTP ${address}`,
  pac: (url: string) => `PAC ${url}`,
  received: (bytes: number, perSecond: number | undefined) => `Received ${traffic(bytes, perSecond)}`,
  sent: (bytes: number, perSecond: number | undefined) => `sent ${traffic(bytes, perSecond)}`,
  refused: (packets: number) => `The access point refused ${packets} ${packets === 1 ? "packet" : "packets"}`,
  limited: (kbps: number) => `Your administrator limits the speed to ${formats.bandwidth(kbps)} each way`,
  searchDomains: (domains: readonly string[]) => `Short names are looked up in ${domains.join(", ")}`,
  /** A hop of the path into the intranet, by its state. */
  hop: {
    whole: (name: string) => name,
    broken: (name: string) => `${name} (!)`,
    unknown: (name: string) => `${name} (unknown)`,
  } satisfies Record<HopState, (name: string) => string>,
  blocked: {
    all: "Blocked: everything except the tunnel",
    intranet: "Blocked: traffic to the intranet outside the tunnel",
  },
  notice: (text: string) => `Message from your administrator: ${text}`,

  route: (route: string) => `Route ${route}`,
  moreRoutes: (count: number) => `and ${count} more routes`,
  rule: (rule: string) => `Rule ${rule}`,
  names: (backend: string, servers: readonly string[], domains: string | null) =>
    `DNS: ${domains ?? "all names"} → ${servers.join(", ")} · ${backend}`,
  domains: (shown: readonly string[], more: number, reverseZones: number) =>
    parts([
      ...shown,
      more > 0 ? `${more} more` : null,
      reverseZones > 0 ? counted(reverseZones, "reverse zone", "reverse zones") : null,
    ]),
  namesTrouble: (found: string) => `DNS: ${found}`,
  killSwitch: (prefixes: number, domains: number, dropped: number) =>
    `Kill switch: ${parts([
      prefixes > 0 ? counted(prefixes, "prefix", "prefixes") : null,
      domains > 0 ? counted(domains, "domain", "domains") : null,
    ])} only through the tunnel · ${counted(dropped, "packet", "packets")} blocked`,
  lockdown: "Lockdown: nothing leaves this computer except through the tunnel",
  portalFor: (ms: number) => `A captive portal can be reached for another ${Math.ceil(ms / 1_000)} s`,
};

const traffic = (bytes: number, perSecond: number | undefined): string =>
  `${formats.bytes(bytes)}${perSecond === undefined ? "" : ` (${formats.bytes(perSecond)}/s)`}`;

/** Lockdown, in `sag status` and `sag lockdown`. */
export const lockdown = {
  title: status.lockdown,
  by: { administrator: "set by an administrator", policy: "set by your company's policy" },
  inForce: (ms: number) => `on for ${formats.span(ms)}`,
  lift: (mayLift: boolean, command: string) =>
    mayLift ? `You can turn it off: ${command}` : `An administrator can turn it off: ${command}`,
  portalOpen: (link: string, leftMs: number) =>
    `A captive portal can be reached over ${link} for another ${Math.ceil(leftMs / 1_000)} s`,
  portal: (command: string) => `On a network with its own sign-in page: ${command}`,
  isOn: (byPolicy: boolean) =>
    byPolicy
      ? "Lockdown is on, set by your company's policy: nothing leaves this computer except through the tunnel."
      : "Lockdown is on: nothing leaves this computer except through the tunnel.",
  isOff: "Lockdown is off.",
  stays: "It stays on after a restart. To turn it off: sag lockdown off, or sag repair.",
  reachable: (addresses: readonly string[]) => `Still reachable: ${addresses.join(", ")}`,
  portalNow: (link: string, leftMs: number) =>
    `A captive portal can be reached over ${link} for ${Math.ceil(leftMs / 1_000)} s. Sign in there now.`,
  consequences: (sshClient: string | undefined) =>
    sshClient
      ? `Lockdown lets nothing leave this computer except through the tunnel, also after a restart, until it is turned off. The SSH connection from ${sshClient} that you are using will be cut.`
      : "Lockdown lets nothing leave this computer except through the tunnel, also after a restart, until it is turned off. Connections to this computer, including SSH, will be cut.",
  sayYes: "Use --yes to skip the question.",
  question: "Turn lockdown on? [y/N] ",
  yesIsForOn: "--yes can only be used with: sag lockdown on",
  forIsForPortal: "--for can only be used with: sag lockdown portal",
};
