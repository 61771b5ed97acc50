import { Failure } from "../core/causes/failure.ts";
import type { SignInOptions, StoreWord } from "../core/client.ts";
import type { Context } from "./context.ts";

/** What sign-in and connect share. */
export interface SignInFlags {
  user?: string;
  passwordStdin?: boolean;
  otpStdin?: boolean;
}

/** "15s", "500ms", "2m", or seconds → ms. */
export function readDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(text);
  const ms = Number(match?.[1]) * { ms: 1, s: 1_000, m: 60_000 }[(match?.[2] ?? "s") as "ms" | "s" | "m"];
  if (match && ms >= 1 && ms <= 3_600_000) return ms;
  throw new Failure("invalid_argument", { text: `${text} is not a time: use 15s, 500ms or 2m.` });
}

export function readChoice<T extends string>(
  name: string,
  text: string | undefined,
  choices: readonly T[],
): T | undefined {
  if (text === undefined) return undefined;
  const found = choices.find((choice) => choice === text);
  if (found !== undefined) return found;
  throw new Failure("invalid_argument", { text: `${name} is one of ${choices.join(", ")}.` });
}

/** HOST:PORT on loopback; a port alone means 127.0.0.1. */
export function readListen(name: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const whole = /^\d+$/.test(text) ? `127.0.0.1:${text}` : text;
  const match = /^(127(?:\.\d{1,3}){3}|localhost|\[::1\]):(\d{1,5})$/.exec(whole);
  if (match && Number(match[2]) <= 65_535) return whole.replace(/^localhost:/, "127.0.0.1:");
  throw new Failure("invalid_argument", { text: `${name} is HOST:PORT on loopback, for example 127.0.0.1:1080.` });
}

export const readStore = (text: string | undefined): StoreWord | undefined =>
  readChoice("--store", text, ["keychain", "file"] as const);

/** What can be known to be missing is said before anything is asked of a server. */
export function checkCredentials({ prompt }: Context, flags: SignInFlags): void {
  if (prompt.isTerminal) return;
  if (!flags.user) throw new Failure("invalid_argument", { text: "The user is missing: --user NAME." });
  if (!flags.passwordStdin) {
    throw new Failure("invalid_argument", {
      text: "There is no terminal to ask for the password at: --password-stdin.",
    });
  }
}

/** Name, password and second factor: from the flags, else from the person at the terminal. */
export async function readCredentials(
  context: Context,
  flags: SignInFlags,
  server: string,
): Promise<Pick<SignInOptions, "userName" | "password" | "otp">> {
  const { prompt, signal } = context;
  checkCredentials(context, flags);
  const userName = flags.user ?? (await prompt.ask(`User name at ${server}: `, signal));
  const password = flags.passwordStdin
    ? await prompt.line("password")
    : await prompt.secret(`Password of ${userName} at ${server}: `, signal);
  return { userName, password, ...(flags.otpStdin ? { otp: await prompt.line("second factor") } : {}) };
}

/** Asks a person to compare the fingerprint; without a terminal nobody is asked, and the answer is no. */
export function decideIdentity(context: Context): Pick<SignInOptions, "decideIdentity"> {
  const { output, prompt, signal } = context;
  if (!prompt.isTerminal) return {};
  return {
    decideIdentity: async ({ server, fingerprint }) => {
      output.say(`No authority vouches for ${server}. The fingerprint of its public key is`);
      output.say(`  ${fingerprint.match(/.{1,8}/g)?.join(" ")}`);
      const answer = await prompt.ask("Does your administrator have the same? (yes/no) ", signal);
      return /^y(es)?$/i.test(answer);
    },
  };
}
