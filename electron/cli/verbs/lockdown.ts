import type { LockdownJson } from "#proto/tunnel/v1/tunnel_pb.js";
import { texts } from "../../../common/text/cli.ts";
import { Failure } from "../../core/causes/failure.ts";
import type { Context } from "../context.ts";
import { readDuration } from "../flags.ts";
import { Interrupted } from "../interrupted.ts";
import { askTunnelBinary } from "../tunnel-command.ts";
import type { Verb } from "../verb.ts";

interface Flags {
  for?: string;
  yes?: boolean;
}

const actions = ["on", "off", "status", "portal"] as const;
const whose = { LOCKDOWN_BY_ADMINISTRATOR: "administrator", LOCKDOWN_BY_POLICY: "policy" } as const;

/** sag-tunnel does it, by the service if there is one: lockdown has to be lifted also when nothing else works any more. */
export const lockdown: Verb<[string], Flags> = async (context, flags, action) => {
  if (!(actions as readonly string[]).includes(action)) {
    throw new Failure("invalid_argument", { text: texts.cli.refusals.badAction(`sag lockdown ${action}`, actions) });
  }
  const { output } = context;
  const extra: string[] = [];
  if (flags.yes && action !== "on") throw new Failure("invalid_argument", { text: texts.cli.lockdown.yesIsForOn });
  if (action === "on") {
    if (!flags.yes) await requireYes(context);
    // Whoever has signed in here has to be able to dial.
    const known = await (await context.client()).intranets();
    for (const server of new Set(known.map((one) => one.server))) extra.push("--cloud", `https://${server}`);
  }
  if (flags.for !== undefined) {
    if (action !== "portal") throw new Failure("invalid_argument", { text: texts.cli.lockdown.forIsForPortal });
    extra.push("--for", `${readDuration(flags.for)}ms`);
  }
  const now = askTunnelBinary<LockdownJson>(["lockdown", action, ...extra]);
  const { on = false, reachable = [], portalLink, portalLeft } = now;
  const by = Object.hasOwn(whose, `${now.by}`) ? whose[now.by as keyof typeof whose] : null;
  const portal = portalLeft
    ? { link: portalLink ?? "", leftMs: Math.round(Number.parseFloat(portalLeft) * 1_000) }
    : null;
  output.print(on ? texts.cli.lockdown.isOn(by === "policy") : texts.cli.lockdown.isOff);
  if (on && action === "on") output.say(texts.cli.lockdown.stays);
  if (on && reachable.length > 0) output.print(texts.cli.lockdown.reachable(reachable));
  if (portal) {
    output.print(texts.cli.lockdown.portalNow(portal.link, portal.leftMs));
  }
  output.printJson({ on, by, reachable, portal, dropped: Number(now.dropped ?? 0) });
  return 0;
};

/** What is cut off by lockdown, in words, from where this shell is. */
export function consequences(sshConnection: string | undefined): string {
  return texts.cli.lockdown.consequences(sshConnection?.split(" ")[0]);
}

/** Prompts at a terminal; a script needs --yes, since it may run where no user can lift lockdown again. */
async function requireYes({ prompt, signal }: Context): Promise<void> {
  const text = consequences(process.env.SSH_CONNECTION);
  if (!prompt.isTerminal) throw new Failure("invalid_argument", { text: `${text} ${texts.cli.lockdown.sayYes}` });
  const answer = await prompt.ask(`${text}\n${texts.cli.lockdown.question}`, signal);
  if (!texts.cli.questions.isYes(answer)) throw new Interrupted();
}
