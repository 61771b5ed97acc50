import { newHexId } from "../../base/ids.ts";
import { type Message, say } from "../../base/say.ts";
import type { Db } from "../../store/db.ts";
import { chainStart, findDiagnosis, putDiagnosis } from "../../store/queries/chains.ts";
import type { Change } from "../change.ts";
import type { Context } from "../context.ts";
import { type AddressOverlap, addressOverlaps } from "./address-overlaps.ts";
import { accessPointHop, type ChainHop } from "./chain.ts";
import { loadChain, serving } from "./facts.ts";

export interface Finding {
  hop: string;
  /** null = no problem. */
  code: string | null;
  text: string;
  /** Who can fix it and how; "" = nothing to do. */
  advice: string;
}

export interface Diagnosis {
  id: string;
  instanceId: string;
  /** Epoch ms. */
  at: number;
  findings: Finding[];
}

/** The current chain of an instance, including its access points; undefined = there is no such instance. */
export async function chainOf(context: Context, instanceId: string) {
  const { store, accessPoints } = context;
  const row = await chainStart(store, instanceId);
  if (!row) return undefined;
  const present = serving(accessPoints, row.ccnId);
  const found = await loadChain(store, instanceId, present);
  return found && { ...found, hops: [accessPointHop(present.size), ...found.hops] };
}

/** How bad a finding is. Overlapping addresses disturb only traffic to these addresses. */
export function levelOf({ code }: Finding): "Info" | "Warning" | "Error" {
  if (code === null) return "Info";
  return code === "address_overlap" ? "Warning" : "Error";
}

/** Problems of a hop, of the instance itself or of its addresses. */
type Trouble = NonNullable<ChainHop["missing"]>["code"] | "instance_locked" | "instance_expired" | "address_overlap";

const fixes: Record<Trouble, Message> = {
  no_access_point: say("mend_no_access_point"),
  instance_locked: say("mend_instance_locked"),
  instance_expired: say("mend_instance_expired"),
  ccn_not_bound: say("mend_ccn_not_bound"),
  ccn_not_attached_to_cen: say("mend_ccn_not_attached_to_cen"),
  grant_missing: say("mend_grant_missing"),
  area_needs_bandwidth: say("mend_area_needs_bandwidth"),
  acl_denies: say("mend_acl_denies"),
  cloud_network_not_attached: say("mend_cloud_network_not_attached"),
  cloud_network_unreachable: say("mend_cloud_network_unreachable"),
  no_routes: say("mend_no_routes"),
  address_overlap: say("mend_address_overlap"),
};

function finding(hop: ChainHop): Finding {
  const name = `${hop.kind} ${hop.name || hop.id}`.trim();
  if (!hop.missing) return { hop: name, code: null, text: say("hop_whole").text, advice: "" };
  const { code, said } = hop.missing;
  return { hop: name, code, text: said.text, advice: fixes[code].text };
}

/** Examines an instance and stores the result. */
export async function diagnose(
  change: Change,
  instance: { id: string; tenantId: string; name: string; ccnId: string; locked: number; endTime: number | null },
): Promise<void> {
  const { tx, context, now } = change;
  const present = serving(context.accessPoints, instance.ccnId);
  const found = await loadChain(tx, instance.id, present);
  const findings = [accessPointHop(present.size), ...(found?.hops ?? [])].map(finding);
  const own = findings.find((f) => f.hop.startsWith("instance "));
  const state = instance.locked
    ? "instance_locked"
    : instance.endTime !== null && instance.endTime <= now
      ? "instance_expired"
      : null;
  if (own && state) {
    const said = say(state === "instance_locked" ? "found_instance_locked" : "found_instance_expired");
    Object.assign(own, { code: state, text: said.text, advice: fixes[state].text });
  }
  if (found) findings.push(...overlapFindings(await addressOverlaps(tx, instance, found)));
  const report: Diagnosis = { id: newHexId(), instanceId: instance.id, at: now, findings };
  await putDiagnosis(tx, instance.id, now, JSON.stringify(report));
}

/** One finding per overlap, or one without a problem. */
function overlapFindings(overlaps: readonly AddressOverlap[]): Finding[] {
  if (overlaps.length === 0) return [{ hop: "addresses", code: null, text: say("found_no_overlaps").text, advice: "" }];
  const problem = { code: "address_overlap", advice: fixes.address_overlap.text } as const;
  return overlaps.map(({ cidr, said }) => ({ hop: `addresses ${cidr}`, text: said.text, ...problem }));
}

export async function lastDiagnosis(db: Db, instanceId: string): Promise<Diagnosis | undefined> {
  const report = await findDiagnosis(db, instanceId);
  return report === undefined ? undefined : (JSON.parse(report) as Diagnosis);
}
