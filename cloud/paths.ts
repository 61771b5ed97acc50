import { ctlTexts } from "../common/text/ctl.ts";
import { invalid } from "./base/cause.ts";
import { foreign } from "./base/say.ts";

/** Refuses "~/x", which a shell leaves as it is in --option=~/x: a directory of that name is not what is meant. `field`: of which option. */
export function unexpanded(path: string, field: string): string {
  if (/^~(\/|$)/.test(path)) throw invalid(field, foreign(ctlTexts.errors.files.tilde(path)));
  return path;
}
