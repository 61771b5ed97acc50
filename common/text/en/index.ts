import { causes } from "./causes/index.ts";
import { core } from "./core.ts";
import { formats } from "./formats.ts";
import * as states from "./states.ts";
import * as warnings from "./warnings.ts";

/** What every face of the client says. The texts of one face are beside it, so that the others need not load them. */
export const en = { causes, ...states, ...warnings, formats, core };
