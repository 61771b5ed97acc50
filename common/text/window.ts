import { window } from "./en/window/index.ts";
import { texts as shared } from "./index.ts";
import { inLanguage } from "./language.ts";

/** What the window says, with what every face says. */
export const texts = { ...shared, window: inLanguage(window) };
