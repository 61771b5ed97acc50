import * as account from "./account.ts";
import * as help from "./help.ts";
import * as status from "./status.ts";
import * as verbs from "./verbs.ts";

/** The `sag` command. */
export const cli = { ...help, ...status, ...account, ...verbs };
