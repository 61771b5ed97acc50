import { Failure } from "../../core/causes/failure.ts";
import type { ConnectOptions, ConnectStep, Invitation } from "../../core/client.ts";
import type { IntranetState } from "../../core/model.ts";
import type { Context } from "../context.ts";
import { decideIdentity, readChoice, readCredentials, readDuration, readListen, type SignInFlags } from "../flags.ts";
import { stateOutput } from "../json.ts";
import type { Verb } from "../verb.ts";
import { painter, stateLines } from "../words.ts";
import { withSecondFactor } from "./sign-in.ts";

interface Flags extends SignInFlags {
  intranet?: string;
  mode?: string;
  accessPoint?: string;
  outside?: string;
  socks?: string;
  http?: string;
  timeout?: string;
}

const stepWords: Partial<Record<ConnectStep, string>> = {
  signing_in: "Signing in",
  resuming: "Resuming the session",
  dialling: "Dialling",
  waiting: "Waiting for the access point",
};

export const connect: Verb<[string | undefined], Flags> = async (context, flags, link) => {
  const { output } = context;
  let isAlready = false;
  const options = readOptions(context, flags, (step) => {
    isAlready ||= step === "already_connected";
    const words = stepWords[step];
    if (words && process.stderr.isTTY && !output.json) output.say(`${words} …`);
  });
  const state = await open(context, flags, link, options);
  const { mode, accessPoint, outside, socks, http } = flags;
  const isOther = [mode, accessPoint, outside, socks, http].some((one) => one !== undefined);
  if (isAlready) {
    output.say(`${state.intranet} is connected already${isOther ? ", and stays as it is: disconnect it first" : ""}.`);
  }
  output.print(stateLines(state, painter(output.colour)).join("\n"));
  output.printJson(stateOutput(state));
  return 0;
};

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
    throw new Failure("invalid_argument", { text: "Give a link or --intranet, not both." });
  }
  const known = await client.intranets();
  const named = link === undefined ? flags.intranet : known.find((one) => one.intranet === link)?.intranet;
  if (link === undefined || named !== undefined) {
    const kept = known.find((one) => one.intranet === named || one.intranetId === named);
    const withPassword = flags.passwordStdin && kept;
    if (!withPassword) return client.connect(named, options);
    return once(context, { ...flags, user: flags.user ?? kept.userName }, kept, kept.server, options);
  }
  return once(context, flags, link, /@(.+)$/.exec(link)?.[1] ?? "the server of the link", options);
}

/** Sign-in and dial in one; no token is kept. */
async function once(
  context: Context,
  flags: Flags,
  invitation: Invitation,
  server: string,
  options: ConnectOptions,
): Promise<IntranetState> {
  const credentials = await readCredentials(context, flags, server);
  const decide = decideIdentity(context);
  const client = await context.client();
  return withSecondFactor(context, invitation, credentials, (filled) =>
    client.connectOnce({ invitation, ...filled, ...decide, signal: context.signal }, options),
  );
}
