import type { AccessPointView, HopView, PhaseWord, WarningView } from "../client/model.ts";

/** What is known at this moment besides the chain that the cloud described. */
export interface HopFacts {
  phase: PhaseWord;
  /** The one in use, or the one tried now. */
  accessPoint: AccessPointView | null;
  warnings: readonly WarningView[];
}

/**
 * The chain as it is now, known up to the first hop that is broken: nothing behind that is shown to work. The cloud describes how it is set up, when the session begins and when that changes; whether the access
 * point answers, which one it is and whether the cloud does are known to the tunnel. Behind an access point that does not answer
 * nothing is known to work: such a hop is not whole, and has nothing missing either.
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
  // Cloud networks lie side by side: one that is broken is not in the way to another.
  const isBehind = (hop: HopView, at: number): boolean =>
    firstBroken >= 0 && at > firstBroken && hops[firstBroken]?.kind !== hop.kind;
  return hops.map((hop, at) => (isBehind(hop, at) ? { ...hop, whole: false } : hop));
}
