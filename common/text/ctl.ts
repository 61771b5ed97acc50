import { ctl } from "./en/ctl/index.ts";
import { inLanguage } from "./language.ts";

/** Every word of sagctl, and of sag-cloud's own command line. Apart from the client's texts, so that neither loads the other's. */
export const ctlTexts = inLanguage(ctl);
