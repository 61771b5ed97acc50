import { Failure } from "../core/causes/failure.ts";
import type { Invitation, SignInOptions } from "../core/client/client.ts";
import type { IntranetInfo, IntranetState } from "../core/client/model.ts";
import { notAnInvitation, parseInvitation } from "../core/instance/invitation.ts";
import { withCode } from "./codes.ts";
import type { Context } from "./context.ts";
import type { Identities } from "./flags.ts";
import { chooseNewPassword } from "./new-password.ts";

type Credentials = Pick<SignInOptions, "userName" | "password" | "otp">;

/** Where to sign in. */
export interface Target {
  invitation: Invitation;
  decide: Identities;
  /** The intranet, if it is already in the list. */
  known?: IntranetInfo | undefined;
}

/** Refuses what cannot be an invitation, before asking the user or a server for anything. */
export async function checkInvitation({ client }: Context, invitation: Invitation): Promise<void> {
  const { server } = parseInvitation(invitation);
  if (server !== null || typeof invitation !== "string") return;
  // A code alone is accepted only where a server is known.
  if ((await (await client()).intranets()).length === 0) throw notAnInvitation(invitation);
}

/**
 * Signs in by `attempt`. At a terminal, also changes an expired password, and asks for a second factor or sets it up
 * where one turns out to be required.
 */
export async function signingIn(
  context: Context,
  target: Target,
  credentials: Credentials,
  attempt: (credentials: Credentials) => Promise<IntranetState>,
): Promise<IntranetState> {
  try {
    return await withSecondFactor(context, target, credentials, attempt);
  } catch (thrown) {
    if (!(thrown instanceof Failure) || thrown.code !== "password_change_required") throw thrown;
    const { userName } = credentials;
    if (!context.prompt.isTerminal)
      throw new Failure(thrown.code, { ...thrown.details, subject: accountArguments(target, userName) });
    context.output.say(thrown.message);
    const password = await changePassword(context, target, credentials);
    return withSecondFactor(context, target, { userName, password }, attempt);
  }
}

async function changePassword(context: Context, target: Target, { userName, password }: Credentials) {
  const client = await context.client();
  const { invitation, decide } = target;
  const { signal } = context;
  return chooseNewPassword(context, (newPassword) =>
    withCode(context, {}, (otp) =>
      client.changePassword({
        account: { invitation, userName },
        password,
        newPassword,
        ...(otp ? { otp } : {}),
        ...decide,
        signal,
      }),
    ),
  );
}

function withSecondFactor(
  context: Context,
  { invitation, decide }: Target,
  credentials: Credentials,
  attempt: (credentials: Credentials) => Promise<IntranetState>,
): Promise<IntranetState> {
  const { otp: given, userName, password } = credentials;
  const enrol = async () => {
    const account = await (await context.client()).account();
    const { signal } = context;
    return account.enrolSecondFactor({ account: { invitation, userName }, ...decide, signal }, password);
  };
  return withCode(context, { given, enrol }, (otp) => attempt({ userName, password, ...(otp ? { otp } : {}) }));
}

/** Longest link that is repeated in a message, characters. */
const longestLink = 200;

/** The arguments with which `sag password` finds the same account. */
function accountArguments({ invitation, known }: Target, userName: string): string {
  if (known?.userName === userName) return known.intranet;
  const { server, code } = parseInvitation(invitation);
  const link = typeof invitation === "string" ? invitation.trim() : `${code}@${server}`;
  return `--link ${link.length > longestLink ? "LINK" : quoted(link)} --user ${quoted(userName)}`;
}

/** Quotes text for a shell; cmd.exe and PowerShell both understand double quotes. */
function quoted(text: string): string {
  if (/^[\w.@:/-]+$/.test(text)) return text;
  return process.platform === "win32" ? `"${text}"` : `'${text.replaceAll("'", "'\\''")}'`;
}
