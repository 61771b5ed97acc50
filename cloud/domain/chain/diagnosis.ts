import type { Kysely } from "kysely";
import { newHexId } from "../../base/ids.ts";
import type { Schema } from "../../store/schema.ts";
import type { Change } from "../change.ts";
import type { Context } from "../context.ts";
import { accessPointHop, type ChainHop } from "./chain.ts";
import { loadChain, serving } from "./facts.ts";

export interface Finding {
  hop: string;
  /** null = whole. */
  code: string | null;
  text: string;
  /** Who can mend it and how; "" = nothing to do. */
  advice: string;
}

export interface Diagnosis {
  id: string;
  instanceId: string;
  /** Epoch ms. */
  at: number;
  findings: Finding[];
}

/** The chain of an instance as it is now, from its access points on; undefined = there is no such instance. */
export async function chainOf(context: Context, instanceId: string) {
  const { store, accessPoints } = context;
  const row = await store.selectFrom("instance").select("ccn_id").where("id", "=", instanceId).executeTakeFirst();
  return row && loadChain(store, instanceId, serving(accessPoints, row.ccn_id));
}

const advice: Record<string, string> = {
  no_access_point: "The administrator starts an access point with a token of this instance's CCN.",
  instance_locked: "The administrator unlocks the instance.",
  instance_expired: "The administrator renews the instance.",
  ccn_not_bound: "The administrator binds the instance: BindSmartAccessGateway.",
  ccn_not_attached_to_cen: "The administrator attaches the CCN: AttachCcnInstanceToCen.",
  grant_missing: "The owner of the granting side grants it: GrantSagInstanceToCcn or GrantInstanceToCbn.",
  area_needs_bandwidth:
    "The administrator buys a bandwidth package, associates it with the CEN and sets a limit: SetCenInterRegionBandwidthLimit.",
  acl_denies: "The administrator changes the instance's access control list.",
  cloud_network_not_attached: "The administrator attaches the network: AttachCenChildInstance.",
  cloud_network_unreachable: "The administrator starts an access point that reaches the network, or says which does.",
};

function finding(hop: ChainHop): Finding {
  const name = `${hop.kind} ${hop.name || hop.id}`.trim();
  const code = hop.missing?.code ?? null;
  return { hop: name, code, text: hop.missing?.text ?? "Whole.", advice: code === null ? "" : (advice[code] ?? "") };
}

/** Examines an instance and remembers what was found. */
export async function diagnose(
  change: Change,
  instance: { id: string; name: string; ccn_id: string; locked: number; end_time: number | null },
): Promise<void> {
  const { tx, context, now } = change;
  const present = serving(context.accessPoints, instance.ccn_id);
  const found = await loadChain(tx, instance.id, present);
  const findings = [accessPointHop(present.size), ...(found?.hops ?? [])].map(finding);
  const own = findings.find((f) => f.hop.startsWith("instance "));
  const state = instance.locked
    ? "instance_locked"
    : instance.end_time !== null && instance.end_time <= now
      ? "instance_expired"
      : null;
  if (own && state) {
    const text = state === "instance_locked" ? "The instance is locked." : "The instance has reached its end.";
    Object.assign(own, { code: state, text, advice: advice[state] });
  }
  const report: Diagnosis = { id: newHexId(), instanceId: instance.id, at: now, findings };
  const row = { instance_id: instance.id, at: now, report: JSON.stringify(report) };
  await tx
    .insertInto("diagnosis")
    .values(row)
    .onConflict((conflict) => conflict.column("instance_id").doUpdateSet(row))
    .execute();
}

export async function lastDiagnosis(db: Kysely<Schema>, instanceId: string): Promise<Diagnosis | undefined> {
  const row = await db
    .selectFrom("diagnosis")
    .select("report")
    .where("instance_id", "=", instanceId)
    .executeTakeFirst();
  return row && (JSON.parse(row.report) as Diagnosis);
}
