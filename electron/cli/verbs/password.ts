import { Failure } from "../../core/causes/failure.ts";
import type { Secret } from "../../core/credentials/secret.ts";
import { withCode } from "../codes.ts";
import type { Context } from "../context.ts";
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

/** Changes the password; what is asked for comes from the terminal or, line by line, from standard input. */
export const password: Verb<[string | undefined], Flags> = async (context, flags, named) => {
  const { output, prompt } = context;
  const of = accountOf(context, flags, flags.intranet ?? named);
  if (flags.forgotten) return forgotten(context, flags, of);
  if (!flags.passwordStdin && !prompt.isTerminal) {
    throw new Failure("invalid_argument", {
      text: "There is no terminal to ask for the passwords at: --password-stdin.",
    });
  }
  const current = await secret(context, flags.passwordStdin, "Password now: ", "password");
  const next = await newPassword(context, flags.passwordStdin);
  const client = await context.client();
  const given = flags.otpStdin ? await prompt.line("second factor") : undefined;
  await withCode(context, { given }, (otp) =>
    client.changePassword({ ...of, password: current, newPassword: next, ...(otp ? { otp } : {}) }),
  );
  output.print("The password is changed. Your other devices are signed out.");
  output.printJson({ changed: true });
  return 0;
};

/** A code by mail, then a new password by that code. Without a terminal these are two calls. */
async function forgotten(context: Context, flags: Flags, of: ReturnType<typeof accountOf>): Promise<number> {
  const { output, prompt } = context;
  const account = await (await context.client()).account();
  if (!flags.codeStdin) {
    await account.forgotPassword(of);
    output.say("If there is such an account, a code is on its way to its mail address. It is good for 15 minutes.");
    if (output.json || !prompt.isTerminal) {
      output.printJson({ sent: true });
      return 0;
    }
  }
  const code = await secret(context, flags.codeStdin, "Code from the mail: ", "code");
  await account.resetPassword(of, code, await newPassword(context, flags.codeStdin));
  output.print("The password is changed. Your devices are signed out.");
  output.printJson({ changed: true });
  return 0;
}

async function newPassword(context: Context, fromStdin: boolean | undefined): Promise<Secret> {
  const next = await secret(context, fromStdin, "New password: ", "new password");
  if (!fromStdin && (await secret(context, false, "New password again: ", "")).reveal() !== next.reveal()) {
    throw new Failure("invalid_argument", { text: "The two are not the same.", field: "new_password" });
  }
  return next;
}
