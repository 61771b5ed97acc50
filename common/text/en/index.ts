import { causes } from "./causes/index.ts";
import { core } from "./core.ts";
import { formats } from "./formats.ts";
import * as states from "./states.ts";
import * as warnings from "./warnings.ts";

/** Texts that all user interfaces of the client share. Those of a single one are in files of their own, so that the others do not load them. */
export const en = { causes, ...states, ...warnings, formats, core };
