import { cli } from "./en/cli/index.ts";
import { texts as shared } from "./index.ts";
import { inLanguage } from "./language.ts";

/** The texts of the `sag` command and those that all clients share. */
export const texts = { ...shared, cli: inLanguage(cli) };
