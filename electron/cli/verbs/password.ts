import { texts } from "../../../common/text/cli.ts";
import type { AccountOf } from "../../core/account/account.ts";
import { Failure } from "../../core/causes/failure.ts";
import type { Secret } from "../../core/credentials/secret.ts";
import { withCode } from "../codes.ts";
import type { Context } from "../context.ts";
import { chooseNewPassword } from "../new-password.ts";
import type { Verb } from "../verb.ts";
import { accountOf, secret } from "./second-factor.ts";

interface Flags {
  intranet?: string;
  link?: string;
  user?: string;
  passwordStdin?: boolean;
  otpStdin?: boolean;
  forgotten?: boolean;
  codeStdin?: boolean;
}

/** Changes the password. Secrets come from the terminal or, one per line, from standard input. */
export const password: Verb<[string | undefined], Flags> = async (context, flags, named) => {
  const { output, prompt } = context;
  const of = await accountOf(context, flags, flags.intranet ?? named);
  if (flags.forgotten) return forgotten(context, flags, of);
  if (!flags.passwordStdin && !prompt.isTerminal) {
    throw new Failure("invalid_argument", {
      text: texts.cli.inputs.passwordsMissing,
    });
  }
  const current = await secret(
    context,
    flags.passwordStdin,
    texts.cli.questions.currentPassword,
    texts.cli.inputs.password,
  );
  const client = await context.client();
  const change = (newPassword: Secret, given?: Secret): Promise<void> =>
    withCode(context, { given }, (otp) =>
      client.changePassword({ ...of, password: current, newPassword, ...(otp ? { otp } : {}) }),
    );
  if (flags.passwordStdin) {
    const next = await prompt.line(texts.cli.inputs.newPassword);
    await change(next, flags.otpStdin ? await prompt.line(texts.cli.inputs.secondFactor) : undefined);
  } else await chooseNewPassword(context, change);
  output.print(texts.cli.account.passwordChanged);
  output.printJson({ changed: true });
  return 0;
};

/** Mails a code, then sets a new password with it. Without a terminal these are two calls. */
async function forgotten(context: Context, flags: Flags, of: AccountOf): Promise<number> {
  const { output, prompt } = context;
  const account = await (await context.client()).account();
  if (!flags.codeStdin) {
    await account.forgotPassword(of);
    output.say(texts.cli.account.codeMailed);
    if (output.json || !prompt.isTerminal) {
      output.printJson({ sent: true });
      return 0;
    }
  }
  const code = await secret(context, flags.codeStdin, texts.cli.questions.mailedCode, texts.cli.inputs.code);
  const reset = (next: Secret): Promise<void> => account.resetPassword(of, code, next);
  if (flags.codeStdin) await reset(await prompt.line(texts.cli.inputs.newPassword));
  else await chooseNewPassword(context, reset);
  output.print(texts.cli.account.passwordReset);
  output.printJson({ changed: true });
  return 0;
}
