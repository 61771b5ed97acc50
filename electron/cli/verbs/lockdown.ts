import type { LockdownJson } from "#proto/tunnel/v1/tunnel_pb.js";
import { Failure } from "../../core/causes/failure.ts";
import { readDuration } from "../flags.ts";
import { askTunnelBinary } from "../tunnel-command.ts";
import type { Verb } from "../verb.ts";

interface Flags {
  for?: string;
}

const actions = ["on", "off", "status", "portal"] as const;
const whose = { LOCKDOWN_BY_ADMINISTRATOR: "administrator", LOCKDOWN_BY_POLICY: "policy" } as const;

/** sag-tunnel does it, by the service if there is one: lockdown has to be lifted also when nothing else works any more. */
export const lockdown: Verb<[string], Flags> = async (context, flags, action) => {
  if (!(actions as readonly string[]).includes(action)) {
    throw new Failure("invalid_argument", { text: `sag lockdown ${action}: there are ${actions.join(", ")}.` });
  }
  const { output } = context;
  const extra: string[] = [];
  if (action === "on") {
    // Whoever has signed in here has to be able to dial.
    const known = await (await context.client()).intranets();
    for (const server of new Set(known.map((one) => one.server))) extra.push("--cloud", `https://${server}`);
  }
  if (flags.for !== undefined) {
    if (action !== "portal") throw new Failure("invalid_argument", { text: "--for is for the portal." });
    extra.push("--for", `${readDuration(flags.for)}ms`);
  }
  const now = askTunnelBinary<LockdownJson>(["lockdown", action, ...extra]);
  const { on = false, reachable = [], portalLink, portalLeft } = now;
  const by = Object.hasOwn(whose, `${now.by}`) ? whose[now.by as keyof typeof whose] : null;
  const portal = portalLeft
    ? { link: portalLink ?? "", leftMs: Math.round(Number.parseFloat(portalLeft) * 1_000) }
    : null;
  const policy = by === "policy" ? ", by the intranet's policy" : "";
  output.print(on ? `Lockdown is on${policy}: nothing leaves this machine but the tunnel.` : "Lockdown is off.");
  if (on && action === "on") output.say("It stays on through restarts. sag lockdown off lifts it; so does sag repair.");
  if (on && reachable.length > 0) output.print(`These can be dialled all the same: ${reachable.join(", ")}`);
  if (portal) {
    const seconds = Math.ceil(portal.leftMs / 1_000);
    output.print(`A captive portal can be reached by ${portal.link} for ${seconds} s. Sign in there now.`);
  }
  output.printJson({ on, by, reachable, portal, dropped: Number(now.dropped ?? 0) });
  return 0;
};
