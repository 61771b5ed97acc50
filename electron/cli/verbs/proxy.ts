import { texts } from "../../../common/text/cli.ts";
import { Failure } from "../../core/causes/failure.ts";
import { systemEnvironment } from "../../core/host/environment.ts";
import { isProxied, writeAllPac } from "../../core/reach/all.ts";
import { connectedIntranet } from "../connected.ts";
import type { Context } from "../context.ts";
import { proxyVariables } from "../proxies.ts";
import type { Verb } from "../verb.ts";

interface Flags {
  intranet?: string;
  all?: boolean;
}

/**
 * Prints the proxy addresses as lines for a shell: eval "$(sag proxy)" works, because the explanations are comments.
 */
export const proxy: Verb<[string | undefined], Flags> = async (context, flags, named) => {
  const { output } = context;
  const name = flags.intranet ?? named;
  if (flags.all) {
    if (name !== undefined) throw new Failure("invalid_argument", { text: texts.cli.refusals.allOrName });
    return allOfThem(context);
  }
  const { intranet, socks, http, pac } = await connectedIntranet(context, name);
  if (!socks || !http) {
    throw new Failure("invalid_argument", { text: texts.cli.reach.isSystemMode(intranet) });
  }
  output.print(`# socks ${socks}`);
  output.print(`# http ${http}`);
  output.print(`# pac ${pac ?? ""}`);
  for (const [variable, value] of Object.entries(proxyVariables(http))) {
    output.print(`export ${variable}=${value}`);
  }
  output.printJson({ intranet, socks, http, pac });
  return 0;
};

/**
 * Prints the address of one PAC file for all connected intranets. The address stays the same while the content
 * follows the connections.
 */
async function allOfThem({ output, client }: Context): Promise<number> {
  const core = await client();
  const preferred = (await core.intranets()).find((one) => one.isDefault)?.intranetId;
  const all = await core.states();
  if (all.length === 0) throw new Failure("unknown_intranet");
  const states = all.filter(isProxied);
  const server = states.find((one) => one.intranetId === preferred) ?? states[0];
  const { overlaps } = await writeAllPac(systemEnvironment(), states);
  if (!server) throw new Failure("not_connected");
  const pac = `http://${server.http}/all.pac`;
  output.print(pac);
  for (const { what, intranets } of overlaps) {
    const words = what === "*" ? texts.cli.reach.allOtherNames : what;
    output.say(texts.cli.reach.claimedBySeveral(words, intranets));
  }
  output.printJson({
    pac,
    intranets: states.map(({ intranet, socks, http }) => ({ intranet, socks, http })),
    overlaps,
  });
  return 0;
}
