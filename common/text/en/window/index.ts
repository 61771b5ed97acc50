import { add, identity } from "./add.ts";
import { main } from "./main.ts";
import { lockdown, protection } from "./protection.ts";
import { settings } from "./settings.ts";
import * as signIn from "./sign-in.ts";

/** Texts of the window. Those that other user interfaces share (phases, causes, actions) are in ../index.ts. */
export const window = {
  back: "Back",
  continue: "Continue",
  copy: (what: string) => `Copy ${what}`,
  copyOutcome: { copied: "Copied", refused: "Could not copy. Select the text and copy it." },
  causeCode: "Code for support",
  copyCauseCode: "Copy code for support",
  passwordShow: "Show password",
  passwordHide: "Hide password",
  main,
  protection,
  lockdown,
  add,
  identity,
  ...signIn,
  settings,
};
