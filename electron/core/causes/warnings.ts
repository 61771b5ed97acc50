import { causeTable } from "../../../common/causes/table.ts";
import { texts } from "../../../common/text/index.ts";
import type { CauseCode, HopWord, MenderWord, WarningView, WarningWord } from "../client/model.ts";
import { plainText } from "./failure.ts";

interface WarningRow {
  hop: HopWord | null;
  mender: MenderWord;
}

/** Up, but something is wrong: where in the chain, and who can fix it. */
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

/** Of these the sender's words name what it is about: whose network, which program. */
const named: ReadonlySet<WarningWord> = new Set(["lan_overlap", "dns_conflict"]);

const isCause = (code: WarningWord): code is WarningWord & CauseCode => Object.hasOwn(causeTable, code);

/**
 * A warning as it is shown; the sender's hop and fixer take precedence over the table, but where connecting can fail for the same
 * reason: then whoever is named while connecting is named while connected.
 */
export function warningView(
  code: WarningWord,
  said: { hop?: HopWord | null; mender?: MenderWord | null; text?: string } = {},
): WarningView {
  const row = warningTable[code];
  const text = plainText(said.text ?? "");
  const message = text && named.has(code) ? `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.` : texts.warnings[code];
  return {
    code,
    hop: said.hop ?? row.hop,
    mender: isCause(code) ? causeTable[code].mender : (said.mender ?? row.mender),
    message: code === "unknown" && text ? text : message,
  };
}
