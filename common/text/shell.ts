import { shell } from "./en/shell.ts";
import { texts as shared } from "./index.ts";
import { inLanguage } from "./language.ts";

/** The texts of the tray, menus and notifications, and those that all clients share. */
export const texts = { ...shared, shell: inLanguage(shell) };
