import type { HopWord, MenderWord, WarningView, WarningWord } from "../model.ts";
import { plainText } from "./failure.ts";

interface WarningRow {
  hop: HopWord | null;
  mender: MenderWord;
  message: string;
}

/** Up, but not whole: where in the chain, who can mend it, and what is said. */
export const warningTable: Record<WarningWord, WarningRow> = {
  unknown: { hop: null, mender: "administrator", message: "Something is not whole that this version does not know." },
  instance_unreachable: {
    hop: "instance",
    mender: "network",
    message: "The cloud instance does not answer. You stay connected until the lease ends.",
  },
  expires_soon: { hop: "client", mender: "you", message: "Your sign-in ends soon. Sign in again when it suits you." },
  clock_wrong: { hop: "client", mender: "you", message: "The clock of this machine is wrong. Set it." },
  udp_blocked: {
    hop: "access_point",
    mender: "network",
    message: "This network blocks UDP, so it is slower than usual.",
  },
  mtu_reduced: { hop: "access_point", mender: "network", message: "This network carries only small packets." },
  lan_overlap: { hop: "client", mender: "network", message: "The network you are on uses addresses of the intranet." },
  dns_conflict: { hop: "client", mender: "you", message: "Another program changes how names are looked up." },
  ccn_not_bound: { hop: "instance", mender: "administrator", message: "The SAG instance is not bound to a CCN." },
  ccn_not_attached_to_cen: { hop: "ccn", mender: "administrator", message: "The CCN is not attached to a CEN." },
  grant_missing: { hop: "ccn", mender: "administrator", message: "A grant between two accounts is missing." },
  area_needs_bandwidth: {
    hop: "cen",
    mender: "administrator",
    message: "The cloud networks are in another area, and no bandwidth package joins them.",
  },
  acl_denies: { hop: "instance", mender: "administrator", message: "An access rule denies all of your traffic." },
  cloud_network_not_attached: {
    hop: "cloud_network",
    mender: "administrator",
    message: "A cloud network is not attached to the CEN.",
  },
  cloud_network_unreachable: {
    hop: "cloud_network",
    mender: "administrator",
    message: "A cloud network does not answer.",
  },
};

/** Of these the sender's words name what it is about: whose network, which program. */
const named: ReadonlySet<WarningWord> = new Set(["lan_overlap", "dns_conflict"]);

/** What a hop is called. */
export const hopNames: Record<HopWord, string> = {
  client: "You",
  access_point: "Access point",
  instance: "SAG instance",
  ccn: "CCN",
  cen: "CEN",
  cloud_network: "Cloud network",
};

/** A warning as it is told; what the sender says of hop and mender goes before the table. */
export function warningView(
  code: WarningWord,
  said: { hop?: HopWord | null; mender?: MenderWord | null; text?: string } = {},
): WarningView {
  const row = warningTable[code];
  const text = plainText(said.text ?? "");
  const message = text && named.has(code) ? `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.` : row.message;
  return {
    code,
    hop: said.hop ?? row.hop,
    mender: said.mender ?? row.mender,
    message: code === "unknown" && text ? text : message,
  };
}
