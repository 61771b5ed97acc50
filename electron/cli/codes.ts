import type { NewSecondFactor } from "../core/account.ts";
import { Failure } from "../core/causes/failure.ts";
import type { Secret } from "../core/credentials/secret.ts";
import type { Context } from "./context.ts";
import { span } from "./words.ts";

/** How often a person is asked again for a code that was not right. */
const tries = 3;

interface Asking {
  /** A code that came from standard input: then nobody is asked for another. */
  given?: Secret | undefined;
  /** Makes an authenticator where one is required and there is none yet; its first code puts it in force. */
  enrol?: () => Promise<NewSecondFactor>;
  question?: string;
}

/** Tries without a code; one that turns out to be needed is asked for where somebody can be asked. */
export async function withCode<T>(
  { output, prompt, signal }: Context,
  { given, enrol, question = "Code from your authenticator: " }: Asking,
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
    `Type this into your authenticator: ${groups?.join(" ")}`,
    `or let it read this as a QR code:  ${uri.reveal()}`,
    `It has to be confirmed by a code it shows, within ${span(lifetimeMs)}.`,
  ].join("\n");
}
