import { shell } from "./en/shell.ts";
import { texts as shared } from "./index.ts";
import { inLanguage } from "./language.ts";

/** What the tray, the menus and the notifications say, with what every face says. */
export const texts = { ...shared, shell: inLanguage(shell) };
