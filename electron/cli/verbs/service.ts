import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { Failure } from "../../core/causes/failure.ts";
import { createClient } from "../../core/client.ts";
import { systemEnvironment } from "../../core/environment.ts";
import { type Outcome, stayConnected } from "../../core/service/headless.ts";
import { Installation } from "../../core/service/install.ts";
import { dialEnvironment, layout, outcomeFile } from "../../core/service/layout.ts";
import { livingService } from "../../core/tunnel/service.ts";
import type { Context } from "../context.ts";
import { decideIdentity, readCredentials, type SignInFlags } from "../flags.ts";
import type { Verb } from "../verb.ts";
import { withSecondFactor } from "./sign-in.ts";

interface Flags extends SignInFlags {
  root?: string;
}

const actions = { install, remove, status, enroll, run } as const;

export const service: Verb<[string, string | undefined], Flags> = async (context, flags, action, link) => {
  if (!Object.hasOwn(actions, action)) {
    throw new Failure("invalid_argument", {
      text: `sag service ${action}: there are ${Object.keys(actions).join(", ")}.`,
    });
  }
  return actions[action as keyof typeof actions](context, flags, link);
};

async function install({ output }: Context, { root }: Flags): Promise<number> {
  const installation = new Installation(systemEnvironment(), root);
  installation.install();
  output.print("The service is installed. Every user of this machine can connect: sag connect --mode system");
  output.printJson({ installed: true, enrolled: installation.isEnrolled });
  return 0;
}

async function remove({ output }: Context, { root }: Flags): Promise<number> {
  const removed = new Installation(systemEnvironment(), root).remove();
  output.print(removed.length === 0 ? "There was nothing to remove." : ["Removed:", ...removed].join("\n  "));
  output.printJson({ installed: false, enrolled: false, removed });
  return 0;
}

async function status({ output }: Context, { root = "" }: Flags): Promise<number> {
  const environment = systemEnvironment();
  const places = layout(root);
  const installed = existsSync(places.binary);
  const running = root === "" && (await livingService(environment)) !== null;
  const dial = readOutcome(places.dialState);
  output.print(`service: ${installed ? "installed" : "not installed"}, ${running ? "running" : "not running"}`);
  if (dial) output.print(`dial-up: ${dial.phase}${dial.cause ? ` (${dial.cause.message} ${dial.cause.action})` : ""}`);
  output.printJson({ installed, running, dial });
  return 0;
}

/** Signs the machine in, which dials by itself from then on. */
async function enroll(context: Context, flags: Flags, link: string | undefined): Promise<number> {
  const installation = new Installation(systemEnvironment(), flags.root);
  if (link === undefined) throw new Failure("invalid_argument", { text: "By what: an enrolment link, or CODE@HOST." });
  const environment = systemEnvironment({ ...process.env, ...dialEnvironment(installation.prepareState()) });
  const client = createClient({ environment, onNotice: (text) => context.output.say(text) });
  try {
    const decide = decideIdentity(context);
    const found = await client.discover(link, { ...decide, signal: context.signal });
    const credentials = await readCredentials(context, flags, found.server);
    const state = await withSecondFactor(context, link, credentials, (filled) =>
      client.signIn({ invitation: link, ...filled, ...decide, store: "file", signal: context.signal }),
    );
    if (!installation.isInstalled) installation.install();
    installation.enroll();
    context.output.print(`This machine dials into ${state.intranet} as ${state.userName}, from now on at every start.`);
    context.output.printJson({ installed: true, enrolled: true, intranet: state.intranet });
    return 0;
  } finally {
    client.close();
  }
}

/** What the unit runs. It ends when a person is needed. */
async function run({ output, signal }: Context): Promise<number> {
  const { HOME: state = "" } = process.env;
  const client = createClient({ onNotice: (text) => output.say(text) });
  try {
    const failure = await stayConnected(client, {
      signal,
      delay: (ms) => delay(ms, undefined, { signal }),
      note: (outcome) => {
        output.say(`${outcome.phase}${outcome.cause ? `: ${outcome.cause.message} ${outcome.cause.action}` : ""}`);
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
    return null; // not enrolled, or not for this user to see
  }
}

function writeOutcome(state: string, outcome: Outcome): void {
  const path = outcomeFile(state);
  writeFileSync(`${path}.new`, JSON.stringify(outcome), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
