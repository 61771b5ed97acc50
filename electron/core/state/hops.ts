import type { AccessPointView, HopView, PhaseWord, WarningView } from "../client/model.ts";

/** The facts from which the current state of the hops is computed, besides the chain described by the cloud. */
export interface HopFacts {
  phase: PhaseWord;
  /** The access point in use or being tried. */
  accessPoint: AccessPointView | null;
  warnings: readonly WarningView[];
}

/**
 * The hops as they are now. The cloud describes the chain when the session begins and when it changes; only the
 * tunnel knows whether the access point and the cloud answer. Hops behind the first broken one are shown as not
 * whole, because nothing is known about them.
 */
export function currentHops(described: readonly HopView[], { phase, accessPoint, warnings }: HopFacts): HopView[] {
  const hops = described.map((hop) => {
    if (hop.kind === "client") return hop;
    const named =
      hop.kind === "access_point" && accessPoint
        ? { ...hop, id: accessPoint.id, name: accessPoint.name || hop.name }
        : hop;
    const unreachable = warnings.find((one) => one.code === "instance_unreachable" && one.hop === hop.kind);
    if (unreachable) return { ...named, whole: false, missing: named.missing ?? unreachable };
    return phase === "connected" ? named : { ...named, whole: false };
  });
  const firstBroken = hops.findIndex((hop) => !hop.whole);
  // Cloud networks are parallel, so a broken one does not affect the others.
  const isBehind = (hop: HopView, at: number): boolean =>
    firstBroken >= 0 && at > firstBroken && hops[firstBroken]?.kind !== hop.kind;
  return hops.map((hop, at) => (isBehind(hop, at) ? { ...hop, whole: false } : hop));
}
