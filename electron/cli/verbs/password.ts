import { Failure } from "../../core/causes/failure.ts";
import type { Verb } from "../commands.ts";

/** Two lines on standard input, or two questions: the password as it is and the new one. */
export const password: Verb<[string | undefined], { intranet?: string; passwordStdin?: boolean }> = async (
  context,
  flags,
  named,
) => {
  const { output, prompt, signal } = context;
  const intranet = flags.intranet ?? named;
  if (!flags.passwordStdin && !prompt.isTerminal) {
    throw new Failure("invalid_argument", {
      text: "There is no terminal to ask for the passwords at: --password-stdin.",
    });
  }
  const ask = (question: string, what: string) =>
    flags.passwordStdin ? prompt.line(what) : prompt.secret(question, signal);
  const current = await ask("Password now: ", "password");
  const next = await ask("New password: ", "new password");
  if (!flags.passwordStdin && (await ask("New password again: ", "")).reveal() !== next.reveal()) {
    throw new Failure("invalid_argument", { text: "The two are not the same." });
  }
  const client = await context.client();
  await client.changePassword({ ...(intranet ? { intranet } : {}), password: current, newPassword: next, signal });
  output.print("The password is changed. Your other devices are signed out.");
  output.printJson({ changed: true });
  return 0;
};
