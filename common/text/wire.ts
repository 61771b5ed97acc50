import { cloud } from "./en/cloud/index.ts";
import { tunnel } from "./en/tunnel.ts";
import { inLanguage } from "./language.ts";
import type { Messages } from "./types.ts";

/** What other programs say by key. */
export const wire: Readonly<Record<string, Messages>> = inLanguage({
  // Each takes parameters of its own; what renders them answers for all of them.
  tunnel: tunnel as Messages,
  cloud: cloud as Messages,
});
