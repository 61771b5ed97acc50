import { texts } from "../../common/text/cli.ts";
import type { NewSecondFactor } from "../core/account/account.ts";
import { Failure } from "../core/causes/failure.ts";
import type { Secret } from "../core/credentials/secret.ts";
import type { Context } from "./context.ts";

/** How often the user may retype a wrong code. */
const tries = 3;

interface Asking {
  /** A code from standard input; a wrong one is then not asked for again. */
  given?: Secret | undefined;
  /** Creates a second factor where one is required and none is set up; its first code activates it. */
  enrol?: () => Promise<NewSecondFactor>;
  question?: string;
}

/** Tries without a code first. If one turns out to be required, asks for it, provided that there is a terminal. */
export async function withCode<T>(
  { output, prompt, signal }: Context,
  { given, enrol, question = texts.cli.questions.code }: Asking,
  attempt: (otp: Secret | undefined) => Promise<T>,
): Promise<T> {
  let otp = given;
  for (let left = tries; ; left -= 1) {
    try {
      return await attempt(otp);
    } catch (thrown) {
      if (!(thrown instanceof Failure) || thrown.code !== "second_factor_required") throw thrown;
      if (given || !prompt.isTerminal || left === 0) throw thrown;
      if (thrown.details.field === "second_factor") {
        if (!enrol) throw thrown;
        output.say(thrown.message);
        output.say(describeNew(await enrol()));
      } else if (otp) output.say(thrown.message);
      otp = await prompt.secret(question, signal);
    }
  }
}

/** The only place that shows the secret. */
export function describeNew({ secret, uri, lifetimeMs }: NewSecondFactor): string {
  const groups = secret.reveal().match(/.{1,4}/g);
  return [
    texts.cli.account.typeSecret(groups?.join(" ") ?? ""),
    texts.cli.account.readCode(uri.reveal()),
    texts.cli.account.confirmWithin(lifetimeMs),
  ].join("\n");
}
