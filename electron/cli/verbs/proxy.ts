import { Failure } from "../../core/causes/failure.ts";
import type { Verb } from "../commands.ts";

/** Addresses to type into other programs, and lines for a shell: eval "$(sag proxy)" works, as words are comments. */
export const proxy: Verb<[string | undefined], { intranet?: string }> = async (context, flags, named) => {
  const { output } = context;
  const client = await context.client();
  const name = flags.intranet ?? named;
  const states = await client.states();
  const found = states.filter((one) =>
    name === undefined ? one.socks : one.intranet === name || one.intranetId === name,
  );
  if (name !== undefined && found.length === 0) throw new Failure("unknown_intranet", { subject: name });
  if (found.length > 1) {
    const names = found.map((one) => one.intranet).join(", ");
    throw new Failure("invalid_argument", { text: `Several intranets are connected, so name one: ${names}.` });
  }
  const state = found[0];
  if (!state?.socks || !state.http) throw new Failure("not_connected", name === undefined ? {} : { subject: name });
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

/** What programs look at. Names go along (socks5h), so that they are looked up inside. */
export function proxyVariables(socks: string, http: string): Record<string, string> {
  const values = {
    ALL_PROXY: `socks5h://${socks}`,
    HTTP_PROXY: `http://${http}`,
    HTTPS_PROXY: `http://${http}`,
    NO_PROXY: "localhost,127.0.0.1,::1",
  };
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => [
      [name, value],
      [name.toLowerCase(), value],
    ]),
  );
}
