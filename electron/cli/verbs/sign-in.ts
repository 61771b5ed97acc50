import { texts } from "../../../common/text/cli.ts";
import { Failure } from "../../core/causes/failure.ts";
import type { Invitation } from "../../core/client/client.ts";
import type { IntranetInfo } from "../../core/client/model.ts";
import { openStore } from "../../core/credentials/store.ts";
import { systemEnvironment } from "../../core/host/environment.ts";
import { checkName } from "../../core/settings/settings.ts";
import type { Context } from "../context.ts";
import { checkCredentials, decideIdentity, readCredentials, readStore, type SignInFlags } from "../flags.ts";
import { stateOutput } from "../json.ts";
import { checkInvitation, signingIn } from "../signing-in.ts";
import type { Verb } from "../verb.ts";

interface Flags extends SignInFlags {
  server?: string;
  enterpriseCode?: string;
  store?: string;
  intranet?: string;
}

export const signIn: Verb<[string | undefined], Flags> = async (context, flags, given) => {
  const { output, signal } = context;
  const client = await context.client();
  if (flags.intranet !== undefined) checkName(flags.intranet);
  const asked = readStore(flags.store);
  const { invitation, known, name } = await readTarget(context, flags, given);
  const store = asked ?? (known && known.store !== "none" ? known.store : "keychain");
  const filled = known ? { ...flags, user: flags.user ?? known.userName } : flags;
  checkCredentials(context, filled);
  const decide = decideIdentity(context, flags);
  // Discover first: the user sees where the password goes before typing it.
  const found = await client.discover(invitation, { ...decide, signal });
  output.say(texts.cli.account.where(found.displayName, found.server));
  // Check the store first: a name and a password typed now would be useless without it.
  if (context.prompt.isTerminal) await (await openStore(systemEnvironment(), store)).check();
  const credentials = await readCredentials(context, filled, found.server);
  const state = await signingIn(context, { invitation, decide, known }, credentials, (complete) =>
    client.signIn({ invitation, ...complete, ...decide, store, ...(name ? { intranet: name } : {}), signal }),
  );
  if (store === "file") output.say(texts.cli.account.keptInFile);
  output.print(texts.cli.account.signedIn(state.intranet, state.userName));
  output.printJson(stateOutput(state));
  return 0;
};

interface Target {
  invitation: Invitation;
  /** The intranet to sign in to again. */
  known?: IntranetInfo;
  /** The name for the intranet on this computer. */
  name?: string | undefined;
}

/** The argument is a link or code, or the name of a listed intranet to sign in to again. */
async function readTarget(context: Context, flags: Flags, given: string | undefined): Promise<Target> {
  const { prompt, signal } = context;
  const { server, enterpriseCode, intranet } = flags;
  const all = await (await context.client()).intranets();
  const named = (name: string): IntranetInfo | undefined =>
    all.find((one) => one.intranet === name) ?? all.find((one) => one.intranetId === name);
  const read = async (invitation: Invitation): Promise<Target> => {
    const known = typeof invitation === "string" ? named(invitation) : undefined;
    if (known) return { ...again(known), name: intranet };
    await checkInvitation(context, invitation);
    return { invitation, name: intranet };
  };
  if (given !== undefined && (server || enterpriseCode))
    throw new Failure("invalid_argument", { text: texts.cli.account.linkOrServer });
  if (given !== undefined) return read(given);
  if (server && enterpriseCode) return read({ server, enterpriseCode });
  if (enterpriseCode) return read(enterpriseCode);
  const known = intranet === undefined || server ? undefined : named(intranet);
  if (known) return again(known);
  const names = all.map((one) => one.intranet);
  if (!prompt.isTerminal || server) {
    throw new Failure("invalid_argument", {
      text: texts.cli.account.whereTo(names),
    });
  }
  const preferred = all.find((one) => one.isDefault)?.intranet;
  const { intranetOrLink, link } = texts.cli.questions;
  const question = names.length > 0 ? intranetOrLink(names, preferred) : link;
  return read((await prompt.ask(question, signal)) || (preferred ?? ""));
}

const again = (known: IntranetInfo): Target => ({
  invitation: { server: known.server, enterpriseCode: known.enterpriseCode },
  known,
});
