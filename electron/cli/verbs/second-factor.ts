import { texts } from "../../../common/text/cli.ts";
import type { AccountOf } from "../../core/account/account.ts";
import { Failure } from "../../core/causes/failure.ts";
import type { Secret } from "../../core/credentials/secret.ts";
import { describeNew, withCode } from "../codes.ts";
import type { Context } from "../context.ts";
import { decideIdentity } from "../flags.ts";
import { checkInvitation } from "../signing-in.ts";
import type { Verb } from "../verb.ts";

interface Flags {
  intranet?: string;
  link?: string;
  user?: string;
  confirm?: boolean;
  remove?: boolean;
  passwordStdin?: boolean;
  otpStdin?: boolean;
}

/**
 * Sets up a second factor. At a terminal this is one step; without one the first call creates the secret and
 * `--confirm` activates it.
 */
export const secondFactor: Verb<[string | undefined], Flags> = async (context, flags, named) => {
  const { output, prompt } = context;
  if (!flags.passwordStdin && !prompt.isTerminal) {
    throw new Failure("invalid_argument", {
      text: texts.cli.inputs.passwordMissing,
    });
  }
  const of = await accountOf(context, flags, flags.intranet ?? named);
  const account = await (await context.client()).account();
  const password = await secret(context, flags.passwordStdin, texts.cli.questions.password, texts.cli.inputs.password);
  const given = flags.otpStdin ? await prompt.line(texts.cli.inputs.code) : undefined;
  if (flags.remove) {
    await withCode(context, { given }, (otp) => account.removeSecondFactor(of, password, otp));
    output.print(texts.cli.account.secondFactorOff);
    output.printJson({ removed: true });
    return 0;
  }
  if (!flags.confirm) {
    const made = await withCode(context, { given }, (otp) => account.enrolSecondFactor(of, password, otp));
    output.print(describeNew(made));
    if (output.json || !prompt.isTerminal) {
      output.say(texts.cli.account.confirm);
      const { lifetimeMs } = made;
      output.printJson({ uri: made.uri.reveal(), secret: made.secret.reveal(), lifetimeMs, confirmed: false });
      return 0;
    }
  }
  await withCode(context, { ...(flags.confirm ? { given } : {}), question: texts.cli.questions.codeNow }, (otp) =>
    account.confirmSecondFactor(of, password, otp),
  );
  output.print(texts.cli.account.secondFactorOn);
  output.printJson({ confirmed: true });
  return 0;
};

/** Reads a line of standard input, or asks without echo. */
export function secret(
  { prompt, signal }: Context,
  fromStdin: boolean | undefined,
  question: string,
  what: string,
): Promise<Secret> {
  if (fromStdin) return prompt.line(what);
  if (prompt.isTerminal) return prompt.secret(question, signal);
  throw new Failure("invalid_argument", { text: texts.cli.inputs.cannotAsk(what) });
}

/** Identifies the account: a listed intranet, or --link and --user for one without a sign-in. */
export async function accountOf(
  context: Context,
  flags: { link?: string; user?: string },
  intranet: string | undefined,
): Promise<AccountOf> {
  const { signal } = context;
  const asked = { ...decideIdentity(context), signal };
  if (flags.link === undefined) {
    // Fails for an unknown name before asking for a secret.
    const { intranetId } = await (await context.client()).intranet(intranet);
    return { ...asked, intranet: intranetId };
  }
  if (flags.user === undefined) throw new Failure("invalid_argument", { text: texts.cli.inputs.userNameMissing });
  await checkInvitation(context, flags.link);
  return { ...asked, account: { invitation: flags.link, userName: flags.user } };
}
