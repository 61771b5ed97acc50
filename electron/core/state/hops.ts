import type { AccessPointView, HopView, PhaseWord, WarningView } from "../client/model.ts";

/** The facts from which the current state of the hops is computed, besides the chain described by the cloud. */
export interface HopFacts {
  phase: PhaseWord;
  /** The access point in use or being tried. */
  accessPoint: AccessPointView | null;
  warnings: readonly WarningView[];
  /** Whether something in the intranet has answered in this session. */
  answered: boolean;
}

/** The cloud only knows that these are set up; whether packets pass them shows an answer from behind. */
const configured = new Set<HopView["kind"]>(["ccn", "cen", "cloud_network"]);

/**
 * The hops as they are now. The cloud describes the chain when the session begins and when it changes; only the
 * tunnel knows whether the access point and the cloud answer. Hops behind the first broken one are shown as not
 * whole, because nothing is known about them, and those behind the SAG instance until an answer has come through them.
 */
export function currentHops(
  described: readonly HopView[],
  { phase, accessPoint, warnings, answered }: HopFacts,
): HopView[] {
  const networks = described.filter((hop) => hop.kind === "cloud_network" && hop.whole).length;
  // An answer does not say from which network it came.
  const isProven = ({ kind }: HopView): boolean =>
    !configured.has(kind) || (answered && (kind !== "cloud_network" || networks === 1));
  const hops = described.map((hop) => {
    if (hop.kind === "client") return hop;
    const named =
      hop.kind === "access_point" && accessPoint
        ? { ...hop, id: accessPoint.id, name: accessPoint.name || hop.name }
        : hop;
    const unreachable = warnings.find((one) => one.code === "instance_unreachable" && one.hop === hop.kind);
    if (unreachable) return { ...named, whole: false, missing: named.missing ?? unreachable };
    return phase === "connected" && isProven(hop) ? named : { ...named, whole: false };
  });
  const firstBroken = hops.findIndex((hop) => !hop.whole);
  // Cloud networks are parallel, so a broken one does not affect the others.
  const isBehind = (hop: HopView, at: number): boolean =>
    firstBroken >= 0 && at > firstBroken && hops[firstBroken]?.kind !== hop.kind;
  return hops.map((hop, at) => (isBehind(hop, at) ? { ...hop, whole: false } : hop));
}
