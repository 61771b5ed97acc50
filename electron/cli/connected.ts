import { texts } from "../../common/text/cli.ts";
import { Failure } from "../core/causes/failure.ts";
import type { IntranetState } from "../core/client/model.ts";
import type { Context } from "./context.ts";

export const isUp = ({ phase }: IntranetState): boolean => phase === "connected" || phase === "reconnecting";

/**
 * Returns the named intranet; without a name the only connected one, or else the default. Fails if it is not
 * connected, or if there is no intranet.
 */
export async function connectedIntranet({ client }: Context, named: string | undefined): Promise<IntranetState> {
  const core = await client();
  const states = await core.states();
  if (named !== undefined) {
    const found = states.find((one) => one.intranet === named) ?? states.find((one) => one.intranetId === named);
    if (!found) throw new Failure("unknown_intranet", { subject: named });
    return up(found);
  }
  const connected = states.filter(isUp);
  const [only] = connected;
  if (only && connected.length === 1) return only;
  if (only) {
    const preferred = (await core.intranets()).find((one) => one.isDefault)?.intranetId;
    const chosen = connected.find((one) => one.intranetId === preferred);
    if (chosen) return chosen;
    const names = connected.map((one) => one.intranet);
    throw new Failure("invalid_argument", {
      text: texts.cli.refusals.severalConnected(names),
    });
  }
  if (states.length === 0) throw new Failure("unknown_intranet");
  const [resting] = states;
  throw resting && states.length === 1 ? why(resting) : new Failure("not_connected");
}

const up = (state: IntranetState): IntranetState => {
  if (isUp(state)) return state;
  throw why(state);
};

/** The failure for an intranet that is not connected: a crashed tunnel has a cause of its own. */
const why = ({ cause, intranet }: IntranetState): Failure =>
  cause?.cause === "tunnel_crashed"
    ? new Failure("tunnel_crashed")
    : new Failure("not_connected", { subject: intranet });
