import { Failure } from "../../core/causes/failure.ts";
import type { Verb } from "../verb.ts";

interface Flags {
  default?: string;
}

export const intranets: Verb<[], Flags> = async (context, flags) => {
  const { output } = context;
  const client = await context.client();
  if (flags.default === "") throw new Failure("invalid_argument", { text: "The name is missing: --default NAME." });
  if (flags.default !== undefined) await client.setDefault(flags.default);
  const list = await client.intranets();
  const widest = Math.max(0, ...list.map((one) => one.intranet.length));
  for (const one of list) {
    const marks = [one.signedIn ? "" : "signed out", one.isDefault && list.length > 1 ? "default" : ""].filter(Boolean);
    const tail = marks.map((mark) => ` · ${mark}`).join("");
    output.print(`${one.intranet.padEnd(widest)}  ${one.displayName} · ${one.userName} at ${one.server}${tail}`);
  }
  if (list.length === 0) output.say("There is no intranet here yet. Sign in to one: sag sign-in LINK");
  output.printJson(list);
  return 0;
};
