import { ctl } from "./en/ctl/index.ts";
import { inLanguage } from "./language.ts";

/**
 * The texts of sagctl and of sag-cloud's command line. Separate from the client's texts, so that neither program
 * loads both.
 */
export const ctlTexts = inLanguage(ctl);
