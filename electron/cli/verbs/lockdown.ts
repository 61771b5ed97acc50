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

/** Calls sag-tunnel, which uses the service if it runs: lockdown can be turned off even when nothing else works. */
export const lockdown: Verb<[string], Flags> = async (context, flags, action) => {
  if (!(actions as readonly string[]).includes(action)) {
    throw new Failure("invalid_argument", { text: texts.cli.refusals.badAction(`sag lockdown ${action}`, actions) });
  }
  const { output } = context;
  const extra: string[] = [];
  if (flags.yes && action !== "on") throw new Failure("invalid_argument", { text: texts.cli.lockdown.yesIsForOn });
  if (action === "on") {
    if (!flags.yes) await requireYes(context);
    // The servers of all signed-in intranets stay reachable, so that connecting works during lockdown.
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

/** What lockdown cuts off, as text; also names the SSH connection that this shell runs in. */
export function consequences(sshConnection: string | undefined): string {
  return texts.cli.lockdown.consequences(sshConnection?.split(" ")[0]);
}

/** Asks at a terminal. A script needs --yes, because there may be no user who can turn lockdown off again. */
async function requireYes({ prompt, signal }: Context): Promise<void> {
  const text = consequences(process.env.SSH_CONNECTION);
  if (!prompt.isTerminal) throw new Failure("invalid_argument", { text: `${text} ${texts.cli.lockdown.sayYes}` });
  const answer = await prompt.ask(`${text}\n${texts.cli.lockdown.question}`, signal);
  if (!texts.cli.questions.isYes(answer)) throw new Interrupted();
}
