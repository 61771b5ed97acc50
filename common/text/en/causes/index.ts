import type { CauseCode } from "../../../words.ts";
import type { CauseText } from "../../types.ts";
import { host } from "./host.ts";
import { network } from "./network.ts";
import { signIn } from "./sign-in.ts";

/** The message of each cause, and what to do. */
export const causes: Record<CauseCode, CauseText> = { ...signIn, ...network, ...host };
