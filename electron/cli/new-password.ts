import { texts } from "../../common/text/cli.ts";
import { Failure } from "../core/causes/failure.ts";
import type { Secret } from "../core/credentials/secret.ts";
import type { Context } from "./context.ts";

/** How often a new password may be retyped. */
const tries = 3;

const different = (): Failure =>
  new Failure("invalid_argument", { text: texts.cli.account.passwordsDiffer, field: "new_password" });

/** Asks for a new password twice and passes it to `attempt`; asks again if it is refused. */
export async function chooseNewPassword(
  { output, prompt, signal }: Context,
  attempt: (next: Secret) => Promise<void>,
): Promise<Secret> {
  for (let left = tries; ; left -= 1) {
    try {
      const next = await prompt.secret(texts.cli.questions.newPassword, signal);
      const again = await prompt.secret(texts.cli.questions.newPasswordAgain, signal);
      if (next.reveal() !== again.reveal()) throw different();
      await attempt(next);
      return next;
    } catch (thrown) {
      const isRefused = thrown instanceof Failure && thrown.code === "invalid_argument";
      if (!isRefused || left === 0) throw thrown;
      output.say(thrown.message);
    }
  }
}
