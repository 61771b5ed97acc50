import { en } from "./en/index.ts";
import { inLanguage } from "./language.ts";

/** What every face of the client says, in the language that this process was started with. */
export const texts = inLanguage(en);
