import { Failure } from "../../core/causes/failure.ts";
import type { Verb } from "../commands.ts";
import { connectedIntranet } from "../connected.ts";
import { proxyVariables } from "../proxies.ts";

/** Addresses to type into other programs, and lines for a shell: eval "$(sag proxy)" works, as words are comments. */
export const proxy: Verb<[string | undefined], { intranet?: string }> = async (context, flags, named) => {
  const { output } = context;
  const state = await connectedIntranet(context, flags.intranet ?? named);
  if (!state.socks || !state.http) {
    throw new Failure("invalid_argument", { text: `${state.intranet} is in system mode: every program is inside.` });
  }
  const { intranet, socks, http, pac } = state;
  output.print(`# socks ${socks}`);
  output.print(`# http ${http}`);
  output.print(`# pac ${pac ?? ""}`);
  for (const [variable, value] of Object.entries(proxyVariables(socks, http))) {
    output.print(`export ${variable}=${value}`);
  }
  output.printJson({ intranet, socks, http, pac });
  return 0;
};
