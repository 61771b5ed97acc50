import { Failure } from "../../core/causes/failure.ts";
import type { Invitation, SignInOptions } from "../../core/client.ts";
import { openStore } from "../../core/credentials/store.ts";
import { systemEnvironment } from "../../core/environment.ts";
import type { IntranetState } from "../../core/model.ts";
import { withCode } from "../codes.ts";
import type { Context } from "../context.ts";
import { checkCredentials, decideIdentity, readCredentials, readStore, type SignInFlags } from "../flags.ts";
import { stateOutput } from "../json.ts";
import type { Verb } from "../verb.ts";

interface Flags extends SignInFlags {
  server?: string;
  enterpriseCode?: string;
  store?: string;
  intranet?: string;
}

export const signIn: Verb<[string | undefined], Flags> = async (context, flags, link) => {
  const { output, signal } = context;
  const client = await context.client();
  const store = readStore(flags.store);
  if (store === "file") output.say("The sign-in is kept in a file that only this user can read, not in a keychain.");
  checkCredentials(context, flags);
  const invitation = await readInvitation(context, flags, link);
  const decide = decideIdentity(context);
  // First, so that a person sees where a password goes before typing it.
  const found = await client.discover(invitation, { ...decide, signal });
  output.say(`${found.displayName} at ${found.server}`);
  // So that nobody types a password for a sign-in that cannot be kept.
  if (context.prompt.isTerminal) await (await openStore(systemEnvironment(), store ?? "keychain")).check();
  const credentials = await readCredentials(context, flags, found.server);
  const state = await withSecondFactor(context, invitation, credentials, (filled) =>
    client.signIn({
      invitation,
      ...filled,
      ...decide,
      ...(store ? { store } : {}),
      ...(flags.intranet ? { intranet: flags.intranet } : {}),
      signal,
    }),
  );
  output.print(`Signed in to ${state.intranet} as ${state.userName}. Connect: sag connect`);
  output.printJson(stateOutput(state));
  return 0;
};

async function readInvitation(context: Context, flags: Flags, link: string | undefined): Promise<Invitation> {
  if (link !== undefined) {
    if (flags.server || flags.enterpriseCode) {
      throw new Failure("invalid_argument", { text: "Give a link, or server and code, not both." });
    }
    return link;
  }
  if (flags.server && flags.enterpriseCode) return { server: flags.server, enterpriseCode: flags.enterpriseCode };
  if (flags.enterpriseCode) return flags.enterpriseCode;
  if (context.prompt.isTerminal && !flags.server) {
    return context.prompt.ask("Enrolment link, or enterprise code as CODE@HOST: ", context.signal);
  }
  throw new Failure("invalid_argument", {
    text: "Where to: a link, CODE@HOST, or --server URL --enterprise-code CODE.",
  });
}

type Credentials = Pick<SignInOptions, "userName" | "password" | "otp">;

/** Signs in; a second factor that turns out to be needed is asked for, or set up, where somebody can be asked. */
export function withSecondFactor(
  context: Context,
  invitation: Invitation,
  credentials: Credentials,
  attempt: (credentials: Credentials) => Promise<IntranetState>,
): Promise<IntranetState> {
  const { otp: given, userName, password } = credentials;
  const enrol = async () => {
    const account = await (await context.client()).account();
    const { signal } = context;
    return account.enrolSecondFactor(
      { account: { invitation, userName }, ...decideIdentity(context), signal },
      password,
    );
  };
  return withCode(context, { given, enrol }, (otp) => attempt({ userName, password, ...(otp ? { otp } : {}) }));
}
