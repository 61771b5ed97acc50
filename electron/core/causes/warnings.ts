import { causeTable } from "../../../common/causes/table.ts";
import { texts } from "../../../common/text/index.ts";
import type { CauseCode, FixerWord, HopWord, WarningView, WarningWord } from "../client/model.ts";
import { plainText } from "./failure.ts";

interface WarningRow {
  hop: HopWord | null;
  fixer: FixerWord;
}

/** For each warning the hop it concerns and who can fix it. */
export const warningTable: Record<WarningWord, WarningRow> = {
  unknown: { hop: null, fixer: "administrator" },
  instance_unreachable: { hop: "instance", fixer: "administrator" },
  expires_soon: { hop: "client", fixer: "you" },
  clock_wrong: { hop: "client", fixer: "you" },
  udp_blocked: { hop: "access_point", fixer: "network" },
  mtu_reduced: { hop: "access_point", fixer: "network" },
  lan_overlap: { hop: "client", fixer: "network" },
  dns_conflict: { hop: "client", fixer: "you" },
  session_not_saved: { hop: "client", fixer: "you" },
  ccn_not_bound: { hop: "instance", fixer: "administrator" },
  ccn_not_attached_to_cen: { hop: "ccn", fixer: "administrator" },
  grant_missing: { hop: "ccn", fixer: "administrator" },
  area_needs_bandwidth: { hop: "cen", fixer: "administrator" },
  acl_denies: { hop: "instance", fixer: "administrator" },
  cloud_network_not_attached: { hop: "cloud_network", fixer: "administrator" },
  cloud_network_unreachable: { hop: "cloud_network", fixer: "administrator" },
  no_routes: { hop: "cloud_network", fixer: "administrator" },
};

/** These warnings take their text from the sender, because it names the network or program concerned. */
const named: ReadonlySet<WarningWord> = new Set(["lan_overlap", "dns_conflict"]);

const isCause = (code: WarningWord): code is WarningWord & CauseCode => Object.hasOwn(causeTable, code);

/**
 * A warning as it is shown. The sender's hop and fixer take precedence over the table, except for warnings that are
 * also causes: those use the cause's fixer, so that a fault has the same one while connecting and while connected.
 */
export function warningView(
  code: WarningWord,
  sent: { hop?: HopWord | null; fixer?: FixerWord | null; text?: string } = {},
): WarningView {
  const row = warningTable[code];
  const text = plainText(sent.text ?? "");
  const message = text && named.has(code) ? `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.` : texts.warnings[code];
  return {
    code,
    hop: sent.hop ?? row.hop,
    fixer: isCause(code) ? causeTable[code].fixer : (sent.fixer ?? row.fixer),
    message: code === "unknown" && text ? text : message,
  };
}
