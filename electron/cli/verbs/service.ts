import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { texts } from "../../../common/text/cli.ts";
import { Failure } from "../../core/causes/failure.ts";
import { createClient, type Discovered } from "../../core/client/client.ts";
import { systemEnvironment } from "../../core/host/environment.ts";
import { parseAddress, urlOf } from "../../core/instance/address.ts";
import { parseInvitation } from "../../core/instance/invitation.ts";
import { type Outcome, stayConnected } from "../../core/service/headless.ts";
import { Installation } from "../../core/service/install.ts";
import { dialEnvironment, type Layout, layout, outcomeFile } from "../../core/service/layout.ts";
import { SettingsFile } from "../../core/settings/settings.ts";
import { livingService } from "../../core/tunnel/service.ts";
import type { Context } from "../context.ts";
import { decideIdentity, readCredentials, type SignInFlags } from "../flags.ts";
import { signingIn } from "../signing-in.ts";
import { askTunnelBinary } from "../tunnel-command.ts";
import type { Verb } from "../verb.ts";

interface Flags extends SignInFlags {
  root?: string;
  trust?: string;
}

const actions = { install, remove, status, trust, untrust, enroll, run } as const;

export const service: Verb<[string, string | undefined], Flags> = async (context, flags, action, link) => {
  if (!Object.hasOwn(actions, action)) {
    throw new Failure("invalid_argument", {
      text: texts.cli.refusals.badAction(`sag service ${action}`, Object.keys(actions)),
    });
  }
  if (flags.trust !== undefined && action !== "install") {
    throw new Failure("invalid_argument", { text: texts.cli.host.trustIsForInstall });
  }
  return actions[action as keyof typeof actions](context, flags, link);
};

async function install(context: Context, flags: Flags): Promise<number> {
  const { output } = context;
  const installation = new Installation(systemEnvironment(), flags.root);
  // Checked first, so that a wrong link changes nothing on this computer.
  const found = flags.trust === undefined ? null : await discover(context, flags.trust);
  installation.install();
  if (installation.isEnrolled) await trustEnrolled(installation.places);
  const trusted = found ? trustCloud(installation.places, found) : listTrusted(installation.places);
  output.print(texts.cli.host.installed);
  output.print(trusted.length > 0 ? texts.cli.host.everyUser(trusted) : texts.cli.host.administratorsOnly);
  output.printJson({ installed: true, enrolled: installation.isEnrolled, trusted });
  return 0;
}

/** Lets every local user connect this computer to an intranet. Its routes, DNS and policy then apply to all users. */
async function trust(context: Context, flags: Flags, link: string | undefined): Promise<number> {
  if (link === undefined) throw new Failure("invalid_argument", { text: texts.cli.host.whichLink });
  const places = layout(flags.root ?? "");
  const found = await discover(context, link);
  const trusted = trustCloud(places, found);
  context.output.print(texts.cli.host.trusted(found.displayName, nameOf(found)));
  context.output.printJson({ installed: existsSync(places.binary), trusted });
  return 0;
}

async function untrust({ output }: Context, { root }: Flags, link: string | undefined): Promise<number> {
  if (link === undefined) throw new Failure("invalid_argument", { text: texts.cli.host.whichTrusted });
  const places = layout(root ?? "");
  const { server, code } = parseInvitation(link);
  if (server === null) throw new Failure("invalid_argument", { text: texts.cli.host.whichTrusted });
  const trusted = changeTrust(places, ["remove", "--url", urlOf(parseAddress(server)), "--code", code]);
  output.print(texts.cli.host.untrusted(`${code}@${server}`));
  output.printJson({ installed: existsSync(places.binary), trusted });
  return 0;
}

/** Trusts the intranets that an earlier version enrolled, so that this computer goes on dialling them. */
async function trustEnrolled(places: Layout): Promise<void> {
  const environment = systemEnvironment({ ...process.env, ...dialEnvironment(places.dialState) });
  const { intranets } = await new SettingsFile(environment, () => undefined).read();
  for (const { server, code, pins } of intranets.filter((one) => one.signedIn)) {
    trustCloud(places, { server, enterpriseCode: code, pins });
  }
}

async function discover(context: Context, link: string): Promise<Discovered> {
  const client = createClient({ onNotice: (text) => context.output.say(text) });
  try {
    return await client.discover(link, { ...decideIdentity(context), signal: context.signal });
  } finally {
    client.close();
  }
}

const nameOf = ({ enterpriseCode, server }: Discovered): string => `${enterpriseCode}@${server}`;

function trustCloud(
  places: Layout,
  { server, enterpriseCode, pins }: Pick<Discovered, "server" | "enterpriseCode" | "pins">,
): string[] {
  const url = urlOf(parseAddress(server));
  return changeTrust(places, ["add", "--url", url, "--code", enterpriseCode, ...pins.flatMap((pin) => ["--pin", pin])]);
}

const listTrusted = (places: Layout): string[] => changeTrust(places, ["list"]);

/** Changes the list with sag-tunnel, whose service reads it. Returns the intranets that are trusted afterwards. */
function changeTrust({ tunnelState }: Layout, change: string[]): string[] {
  const { trusted = [] } = askTunnelBinary<{ trusted: { intranet: string }[] }>([
    ...["trust", ...change],
    ...["--state-dir", tunnelState],
  ]);
  return trusted.map(({ intranet }) => intranet);
}

async function remove({ output }: Context, { root }: Flags): Promise<number> {
  const removed = new Installation(systemEnvironment(), root).remove();
  output.print(
    removed.length === 0 ? texts.cli.host.nothingToRemove : [texts.cli.host.removed, ...removed].join("\n  "),
  );
  output.printJson({ installed: false, enrolled: false, removed });
  return 0;
}

async function status({ output }: Context, { root = "" }: Flags): Promise<number> {
  const environment = systemEnvironment();
  const places = layout(root);
  const installed = existsSync(places.binary);
  const running = root === "" && (await livingService(environment)) !== null;
  const dial = readOutcome(places.dialState);
  const trusted = environment.uid === 0 && installed ? listTrusted(places) : null;
  output.print(texts.cli.host.state(installed, running));
  if (trusted) output.print(texts.cli.host.trustedNow(trusted));
  if (dial)
    output.print(
      texts.cli.host.connection(
        texts.cli.outcomes[dial.phase],
        dial.cause ? `${dial.cause.message} ${dial.cause.action}` : "",
      ),
    );
  output.printJson({ installed, running, ...(trusted ? { trusted } : {}), dial });
  return 0;
}

/** Signs this computer in; from then on its service connects by itself. */
async function enroll(context: Context, flags: Flags, link: string | undefined): Promise<number> {
  const installation = new Installation(systemEnvironment(), flags.root);
  if (link === undefined) throw new Failure("invalid_argument", { text: texts.cli.host.byWhatLink });
  const environment = systemEnvironment({ ...process.env, ...dialEnvironment(installation.prepareState()) });
  const client = createClient({ environment, onNotice: (text) => context.output.say(text) });
  try {
    const decide = decideIdentity(context);
    const found = await client.discover(link, { ...decide, signal: context.signal });
    const credentials = await readCredentials(context, flags, found.server);
    const state = await signingIn(context, { invitation: link, decide }, credentials, (filled) =>
      client.signIn({ invitation: link, ...filled, ...decide, store: "file", signal: context.signal }),
    );
    if (!installation.isInstalled) installation.install();
    // The dial-up runs as an ordinary local user, so the intranet has to be trusted for it as well.
    trustCloud(installation.places, found);
    installation.enroll();
    context.output.print(texts.cli.host.enrolled(state.intranet, state.userName));
    context.output.printJson({ installed: true, enrolled: true, intranet: state.intranet });
    return 0;
  } finally {
    client.close();
  }
}

/** Run by the systemd unit. Ends when connecting again needs a person. */
async function run({ output, signal }: Context): Promise<number> {
  const { HOME: state = "" } = process.env;
  const client = createClient({ onNotice: (text) => output.say(text) });
  try {
    const failure = await stayConnected(client, {
      signal,
      delay: (ms) => delay(ms, undefined, { signal }),
      note: (outcome) => {
        output.say(
          `${texts.cli.outcomes[outcome.phase]}${outcome.cause ? `: ${outcome.cause.message} ${outcome.cause.action}` : ""}`,
        );
        writeOutcome(state, outcome);
      },
    });
    if (failure) throw new Failure(failure.cause, { text: failure.message });
    await client.disconnect();
    return 0;
  } finally {
    client.close();
  }
}

function readOutcome(state: string): Outcome | null {
  try {
    return JSON.parse(readFileSync(outcomeFile(state), "utf8")) as Outcome;
  } catch {
    return null; // not enrolled, or not readable for this user
  }
}

function writeOutcome(state: string, outcome: Outcome): void {
  const path = outcomeFile(state);
  writeFileSync(`${path}.new`, JSON.stringify(outcome), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
