import { texts } from "../../../common/text/cli.ts";
import { Failure } from "../../core/causes/failure.ts";
import { isUp } from "../connected.ts";
import type { Verb } from "../verb.ts";

interface Flags {
  default?: string;
}

export const intranets: Verb<[], Flags> = async (context, flags) => {
  const { output } = context;
  const client = await context.client();
  if (flags.default === "") throw new Failure("invalid_argument", { text: texts.cli.refusals.noDefault });
  if (flags.default !== undefined) await client.setDefault(flags.default);
  const list = await client.intranets();
  const words = texts.cli.account;
  // `sag connect LINK` connects without saving the sign-in.
  const states = list.every((one) => one.signedIn) ? [] : await client.states();
  const connected = new Set(states.filter(isUp).map((one) => one.intranetId));
  const widest = Math.max(0, ...list.map((one) => one.intranet.length));
  for (const one of list) {
    const marks = [
      one.signedIn ? "" : connected.has(one.intranetId) ? words.isNotSaved : words.isSignedOut,
      one.isDefault && list.length > 1 ? words.isDefault : "",
    ].filter(Boolean);
    const tail = marks.map((mark) => ` · ${mark}`).join("");
    output.print(
      `${one.intranet.padEnd(widest)}  ${one.displayName} · ${texts.cli.status.account(one.userName, one.server)}${tail}`,
    );
  }
  if (list.length === 0) output.say(texts.cli.status.none);
  output.printJson(list);
  return 0;
};
