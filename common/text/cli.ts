import { cli } from "./en/cli/index.ts";
import { texts as shared } from "./index.ts";
import { inLanguage } from "./language.ts";

/** What the `sag` command says, with what every face says. */
export const texts = { ...shared, cli: inLanguage(cli) };
