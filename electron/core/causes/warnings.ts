import { causeTable } from "../../../common/causes/table.ts";
import { texts } from "../../../common/text/index.ts";
import type { CauseCode, HopWord, MenderWord, WarningView, WarningWord } from "../client/model.ts";
import { plainText } from "./failure.ts";

interface WarningRow {
  hop: HopWord | null;
  mender: MenderWord;
}

/** For each warning the hop it concerns and who can fix it. */
export const warningTable: Record<WarningWord, WarningRow> = {
  unknown: { hop: null, mender: "administrator" },
  instance_unreachable: { hop: "instance", mender: "administrator" },
  expires_soon: { hop: "client", mender: "you" },
  clock_wrong: { hop: "client", mender: "you" },
  udp_blocked: { hop: "access_point", mender: "network" },
  mtu_reduced: { hop: "access_point", mender: "network" },
  lan_overlap: { hop: "client", mender: "network" },
  dns_conflict: { hop: "client", mender: "you" },
  session_not_saved: { hop: "client", mender: "you" },
  ccn_not_bound: { hop: "instance", mender: "administrator" },
  ccn_not_attached_to_cen: { hop: "ccn", mender: "administrator" },
  grant_missing: { hop: "ccn", mender: "administrator" },
  area_needs_bandwidth: { hop: "cen", mender: "administrator" },
  acl_denies: { hop: "instance", mender: "administrator" },
  cloud_network_not_attached: { hop: "cloud_network", mender: "administrator" },
  cloud_network_unreachable: { hop: "cloud_network", mender: "administrator" },
  no_routes: { hop: "cloud_network", mender: "administrator" },
};

/** These warnings take their text from the sender, because it names the network or program concerned. */
const named: ReadonlySet<WarningWord> = new Set(["lan_overlap", "dns_conflict"]);

const isCause = (code: WarningWord): code is WarningWord & CauseCode => Object.hasOwn(causeTable, code);

/**
 * A warning as it is shown. The sender's hop and mender take precedence over the table, except for warnings that are
 * also causes: those use the cause's mender, so that a fault has the same one while connecting and while connected.
 */
export function warningView(
  code: WarningWord,
  sent: { hop?: HopWord | null; mender?: MenderWord | null; text?: string } = {},
): WarningView {
  const row = warningTable[code];
  const text = plainText(sent.text ?? "");
  const message = text && named.has(code) ? `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.` : texts.warnings[code];
  return {
    code,
    hop: sent.hop ?? row.hop,
    mender: isCause(code) ? causeTable[code].mender : (sent.mender ?? row.mender),
    message: code === "unknown" && text ? text : message,
  };
}
