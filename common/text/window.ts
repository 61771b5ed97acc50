import { window } from "./en/window/index.ts";
import { texts as shared } from "./index.ts";
import { inLanguage } from "./language.ts";

/** The texts of the window, and those that all clients share. */
export const texts = { ...shared, window: inLanguage(window) };
