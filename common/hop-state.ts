import type { HopWord } from "./words.ts";

/** unknown: behind a hop that does not work, or nothing has come through it yet. */
export type HopState = "whole" | "broken" | "unknown";

/**
 * Whether a hop works. Only the hops that were found not to work are broken: an access point that does not answer, and
 * those for which the cloud or the tunnel says what is missing.
 */
export const hopState = (hop: { kind: HopWord; whole: boolean; missing: unknown }): HopState =>
  hop.whole ? "whole" : hop.missing !== null || hop.kind === "access_point" ? "broken" : "unknown";
