import { fingerprintGroups } from "../../common/fingerprint.ts";
import { texts } from "../../common/text/cli.ts";
import { typedName } from "../../common/user-name.ts";
import { Failure } from "../core/causes/failure.ts";
import type { SignInOptions, StoreWord } from "../core/client/client.ts";
import type { Context } from "./context.ts";

/** The flags that sign-in and connect have in common. */
export interface SignInFlags {
  user?: string;
  passwordStdin?: boolean;
  otpStdin?: boolean;
  replaceIdentity?: boolean;
}

/** "15s", "500ms", "2m", or seconds → ms. */
export function readDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(text);
  const ms = Number(match?.[1]) * { ms: 1, s: 1_000, m: 60_000 }[(match?.[2] ?? "s") as "ms" | "s" | "m"];
  if (match && ms >= 1 && ms <= 3_600_000) return ms;
  throw new Failure("invalid_argument", { text: texts.cli.refusals.badTime(text) });
}

export function readChoice<T extends string>(
  name: string,
  text: string | undefined,
  choices: readonly T[],
): T | undefined {
  if (text === undefined) return undefined;
  const found = choices.find((choice) => choice === text);
  if (found !== undefined) return found;
  throw new Failure("invalid_argument", {
    text: texts.cli.refusals.badChoice(name, choices),
  });
}

/** HOST:PORT on loopback; a port alone means 127.0.0.1. */
export function readListen(name: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const whole = /^\d+$/.test(text) ? `127.0.0.1:${text}` : text;
  const match = /^(127(?:\.\d{1,3}){3}|localhost|\[::1\]):(\d{1,5})$/.exec(whole);
  if (match && Number(match[2]) <= 65_535) return whole.replace(/^localhost:/, "127.0.0.1:");
  throw new Failure("invalid_argument", { text: texts.cli.refusals.badListen(name) });
}

export const readStore = (text: string | undefined): StoreWord | undefined =>
  readChoice("--store", text, ["keychain", "file"] as const);

/** Reports missing options before any request to a server. */
export function checkCredentials({ prompt }: Context, flags: SignInFlags): void {
  if (prompt.isTerminal) return;
  if (!typedName(flags.user ?? "")) throw new Failure("invalid_argument", { text: texts.cli.inputs.userNameMissing });
  if (!flags.passwordStdin) {
    throw new Failure("invalid_argument", {
      text: texts.cli.inputs.passwordMissing,
    });
  }
}

/** User name, password and second factor: from the flags, or else from prompts. */
export async function readCredentials(
  context: Context,
  flags: SignInFlags,
  server: string,
): Promise<Pick<SignInOptions, "userName" | "password" | "otp">> {
  const { prompt, signal } = context;
  checkCredentials(context, flags);
  const userName = flags.user ?? (await prompt.ask(texts.cli.questions.userName(server), signal));
  const password = flags.passwordStdin
    ? await prompt.line(texts.cli.inputs.password)
    : await prompt.secret(texts.cli.questions.passwordOf(userName, server), signal);
  return { userName, password, ...(flags.otpStdin ? { otp: await prompt.line(texts.cli.inputs.secondFactor) } : {}) };
}

/** The callbacks that decide whether to trust a server's key. */
export type Identities = Pick<SignInOptions, "decideIdentity" | "replaceIdentity">;

/**
 * Asks the user to compare the fingerprint. Without a terminal unknown keys are refused, except where a flag says
 * that a new key is expected.
 */
export function decideIdentity(context: Context, flags: { replaceIdentity?: boolean } = {}): Identities {
  const { output, prompt, signal } = context;
  const expected: Identities = flags.replaceIdentity ? { replaceIdentity: async () => true } : {};
  if (!prompt.isTerminal) return expected;
  const { identity } = texts.cli.questions;
  const agreed = new Set<string>();
  const ask = async (intro: string, question: string, fingerprint: string): Promise<boolean> => {
    if (agreed.has(fingerprint)) return true;
    output.say(intro);
    output.say(`  ${fingerprintGroups(fingerprint)}`);
    const yes = texts.cli.questions.isYes(await prompt.ask(question, signal));
    if (yes) agreed.add(fingerprint);
    return yes;
  };
  return {
    decideIdentity: ({ server, fingerprint }) => ask(identity.intro(server), identity.question, fingerprint),
    replaceIdentity: ({ server, fingerprint }) =>
      ask(identity.replaced(server), identity.replacedQuestion, fingerprint),
    ...expected,
  };
}
