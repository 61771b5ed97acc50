import { en } from "./en/index.ts";
import { inLanguage } from "./language.ts";

/** The texts that all clients share, in the language chosen at the start of the process. */
export const texts = inLanguage(en);
