import { texts } from "../../common/text/cli.ts";
import type { NewSecondFactor } from "../core/account/account.ts";
import { Failure } from "../core/causes/failure.ts";
import type { Secret } from "../core/credentials/secret.ts";
import type { Context } from "./context.ts";

/** How often a person is asked again for a code that was not right. */
const tries = 3;

interface Asking {
  /** A code from standard input: then there is no prompt for another. */
  given?: Secret | undefined;
  /** Makes an authenticator where one is required and there is none yet; its first code puts it in force. */
  enrol?: () => Promise<NewSecondFactor>;
  question?: string;
}

/** Tries without a code; if one turns out to be needed, prompts for it where there is a terminal. */
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

/** The only place where the secret is shown, to the person it is for. */
export function describeNew({ secret, uri, lifetimeMs }: NewSecondFactor): string {
  const groups = secret.reveal().match(/.{1,4}/g);
  return [
    texts.cli.account.typeSecret(groups?.join(" ") ?? ""),
    texts.cli.account.readCode(uri.reveal()),
    texts.cli.account.confirmWithin(lifetimeMs),
  ].join("\n");
}
