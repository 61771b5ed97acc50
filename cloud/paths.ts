import { ctlTexts } from "../common/text/ctl.ts";
import { invalid } from "./base/cause.ts";
import { foreign } from "./base/say.ts";

/**
 * Refuses "~/x": a shell does not expand the tilde in --option=~/x, so the path would name a directory called "~". `field` is the
 * option.
 */
export function unexpanded(path: string, field: string): string {
  if (/^~(\/|$)/.test(path)) throw invalid(field, foreign(ctlTexts.errors.files.tilde(path)));
  return path;
}
