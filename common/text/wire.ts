import { cloud } from "./en/cloud/index.ts";
import { tunnel } from "./en/tunnel.ts";
import { inLanguage } from "./language.ts";
import type { Messages } from "./types.ts";

/** Messages that other programs send by key. */
export const wire: Readonly<Record<string, Messages>> = inLanguage({
  // The types differ in their parameters; rendering replaces missing ones by "".
  tunnel: tunnel as Messages,
  cloud: cloud as Messages,
});
