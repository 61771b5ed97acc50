import { setTimeout as delay } from "node:timers/promises";
import { texts } from "../../../common/text/cli.ts";
import { Failure } from "../../core/causes/failure.ts";
import { ofIntranet } from "../../core/causes/of-intranet.ts";
import type { Client, ConnectOptions, ConnectStep, Invitation } from "../../core/client/client.ts";
import type { IntranetInfo, IntranetState } from "../../core/client/model.ts";
import type { Context } from "../context.ts";
import {
  checkCredentials,
  decideIdentity,
  readChoice,
  readCredentials,
  readDuration,
  readListen,
  readStore,
  type SignInFlags,
} from "../flags.ts";
import { stateOutput } from "../json.ts";
import { checkInvitation, signingIn } from "../signing-in.ts";
import type { Verb } from "../verb.ts";
import { painter, stateLines } from "../words.ts";

interface Flags extends SignInFlags {
  intranet?: string;
  store?: string;
  mode?: string;
  accessPoint?: string;
  outside?: string;
  socks?: string;
  http?: string;
  timeout?: string;
  foreground?: boolean;
}

const stepWords: Partial<Record<ConnectStep, string>> = texts.cli.connect.steps;

export const connect: Verb<[string | undefined], Flags> = async (context, flags, link) => {
  const { output } = context;
  let isAlready = false;
  const options = readOptions(context, flags, (step) => {
    isAlready ||= step === "already_connected";
    const words = stepWords[step];
    if (words && process.stderr.isTTY && !output.json) output.say(words);
  });
  const state = await open(context, flags, link, options);
  if (isAlready) output.say(texts.cli.connect.already(state.intranet));
  output.print(stateLines(state, painter(output.colour)).join("\n"));
  output.printJson(stateOutput(state));
  return flags.foreground ? stay(context, state, options) : 0;
};

/** Whether the argument looks like a link, CODE@HOST or an enterprise code. */
const isInvitation = /^[a-z]+:|@|^[0-9a-z]{5}$/i;

/** Stays connected until Ctrl-C or SIGTERM, then disconnects. Fails if only the user can restore the connection. */
async function stay(context: Context, first: IntranetState, options: ConnectOptions): Promise<number> {
  const { output, signal } = context;
  const [client, { stayConnected }] = await Promise.all([context.client(), import("../../core/service/headless.ts")]);
  const failure = await stayConnected(client, {
    signal,
    connect: () => client.connect(first.intranetId, { ...options, acceptsOther: true }),
    delay: (ms) => delay(ms, undefined, { signal }),
    note: ({ phase, cause }) => output.say(`${texts.cli.outcomes[phase]}${cause ? `: ${cause.message}` : ""}`),
  });
  if (failure) throw ofIntranet(new Failure(failure.cause, { text: failure.message }), await recordOf(client, first));
  if (signal.aborted) await client.disconnect(first.intranetId);
  return 0;
}

async function recordOf(client: Client, { intranet, intranetId }: IntranetState) {
  const known = (await client.intranets()).find((one) => one.intranetId === intranetId);
  return { name: intranet, store: known?.store ?? "none" };
}

function readOptions(context: Context, flags: Flags, onStep: (step: ConnectStep) => void): ConnectOptions {
  const mode = readChoice("--mode", flags.mode, ["proxy", "system", "auto"] as const);
  const outside = readChoice("--outside", flags.outside, ["direct", "refuse"] as const);
  const socks = readListen("--socks", flags.socks);
  const http = readListen("--http", flags.http);
  return {
    ...(mode ? { mode } : {}),
    ...(outside ? { outside } : {}),
    ...(socks ? { socks } : {}),
    ...(http ? { http } : {}),
    ...(flags.accessPoint ? { accessPoint: flags.accessPoint } : {}),
    ...(flags.timeout ? { timeoutMs: readDuration(flags.timeout) } : {}),
    signal: context.signal,
    onStep,
  };
}

async function open(
  context: Context,
  flags: Flags,
  link: string | undefined,
  options: ConnectOptions,
): Promise<IntranetState> {
  const client = await context.client();
  if (link !== undefined && flags.intranet !== undefined) {
    throw new Failure("invalid_argument", { text: texts.cli.refusals.linkOrIntranet });
  }
  const known = await client.intranets();
  const named = link === undefined ? flags.intranet : known.find((one) => one.intranet === link)?.intranet;
  if (link === undefined || named !== undefined) {
    const kept = known.find((one) => one.intranet === named || one.intranetId === named);
    const withPassword = flags.passwordStdin && kept;
    if (!withPassword && flags.store !== undefined) {
      throw new Failure("invalid_argument", {
        text: texts.cli.refusals.storeNeedsLink,
      });
    }
    if (!withPassword) return client.connect(named, options);
    return once(context, { ...flags, user: flags.user ?? kept.userName }, kept, options, kept);
  }
  // Anything that cannot be an invitation is an unknown name; say so before asking for a password.
  if (!isInvitation.test(link)) throw new Failure("unknown_intranet", { subject: link });
  await checkInvitation(context, link);
  return once(context, flags, link, options);
}

/** Signs in and connects in one call. No token is stored unless a store is given. */
async function once(
  context: Context,
  flags: Flags,
  invitation: Invitation,
  options: ConnectOptions,
  known?: IntranetInfo,
): Promise<IntranetState> {
  const { output, prompt, signal } = context;
  const store = readStore(flags.store);
  checkCredentials(context, flags);
  const decide = decideIdentity(context, flags);
  const client = await context.client();
  // Shows where the password goes, and that the server knows the code, before the user types it.
  const found = prompt.isTerminal ? await client.discover(invitation, { ...decide, signal }) : undefined;
  if (found) output.say(texts.cli.account.where(found.displayName, found.server));
  const credentials = await readCredentials(context, flags, found?.server ?? "");
  if (store === undefined) {
    return signingIn(context, { invitation, decide, known }, credentials, (complete) =>
      client.connectOnce({ invitation, ...complete, ...decide, signal }, options),
    );
  }
  const { intranetId } = await signingIn(context, { invitation, decide, known }, credentials, (complete) =>
    client.signIn({ invitation, ...complete, ...decide, store, signal }),
  );
  return client.connect(intranetId, options);
}
