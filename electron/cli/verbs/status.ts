import { texts } from "../../../common/text/cli.ts";
import { Failure } from "../../core/causes/failure.ts";
import type { ClientEvent } from "../../core/client/client.ts";
import type { IntranetState, LockdownView } from "../../core/client/model.ts";
import type { Context } from "../context.ts";
import { stateOutput } from "../json.ts";
import { untilUnread } from "../reader-gone.ts";
import type { Verb } from "../verb.ts";
import { lockdownLines, painter, type Rates, stateLines } from "../words.ts";

interface Flags {
  watch?: boolean;
  intranet?: string;
}

export const status: Verb<[string | undefined], Flags> = async (context, flags, given) => {
  const named = flags.intranet ?? given;
  if (flags.watch) return follow(context, named);
  const { output } = context;
  const client = await context.client();
  const [all, lockdown] = await Promise.all([client.states({ probe: true }), client.lockdown.view()]);
  const states = pick(all, named);
  tell(context, states, lockdown);
  output.printJson(states.map(stateOutput));
  return 0;
};

/** Prints until Ctrl-C or until a line is not read any more. With --json one line of JSON per change, with the same list as without --watch. */
async function follow(context: Context, named: string | undefined): Promise<number> {
  const { output, signal } = context;
  const client = await context.client();
  const states = new Map<string, IntranetState>();
  const rates = new Map<string, Rates>();
  const isScreen = !output.json && process.stdout.isTTY;
  const times = new Map<string, number>();
  const take = (state: IntranetState): void => {
    const [former, at, now] = [states.get(state.intranetId), times.get(state.intranetId), performance.now()];
    states.set(state.intranetId, state);
    times.set(state.intranetId, now);
    const isSame = former?.session && former.session.id === state.session?.id;
    if (!isSame || at === undefined) rates.delete(state.intranetId);
    else rates.set(state.intranetId, ratesOf(former, state, now - at));
  };
  let lockdown = await client.lockdown.view();
  const show = (): void => {
    const shown = [...states.values()].filter((one) => !named || one.intranet === named || one.intranetId === named);
    if (isScreen) process.stdout.write("\u001b[H\u001b[J");
    tell(context, shown, lockdown, rates);
    output.printJson(shown.map(stateOutput));
  };
  for (const state of await client.states({ probe: true })) take(state);
  pick([...states.values()], named);
  show();
  const watching = client.watch(
    (event: ClientEvent) => {
      if (event.kind === "lockdown") {
        ({ lockdown } = event);
        // The states that contain the lockdown follow in the next event.
        if (states.size > 0) return;
      } else if (event.kind === "removed") states.delete(event.intranetId);
      else if (event.kind === "changed") take(event.state);
      else {
        // The states requested at the start are newer than those of the snapshot, so only intranets in another phase
        // are updated.
        const news = event.states.filter((one) => states.get(one.intranetId)?.phase !== one.phase);
        if (news.length === 0) return;
        for (const state of news) take(state);
      }
      show();
    },
    { attentive: true },
  );
  await untilUnread(signal);
  watching.close();
  return 0;
}

/** `ms`: time between the two states. */
const ratesOf = (former: IntranetState, now: IntranetState, ms: number): Rates => {
  const rate = (bytes: number): number => (Math.max(0, bytes) * 1_000) / Math.max(1, ms);
  return { rx: rate(now.rxBytes - former.rxBytes), tx: rate(now.txBytes - former.txBytes) };
};

function pick(states: IntranetState[], named: string | undefined): IntranetState[] {
  if (named === undefined) return states;
  const found = states.filter((one) => one.intranet === named || one.intranetId === named);
  if (found.length > 0) return found;
  throw new Failure("unknown_intranet", { subject: named });
}

/**
 * Prints lockdown first. With --json it is part of each intranet's state, so without an intranet it is not printed.
 */
function tell(
  { output }: Context,
  states: IntranetState[],
  lockdown: LockdownView | null,
  rates?: Map<string, Rates>,
): void {
  const paint = painter(output.colour);
  const locked = lockdown ? lockdownLines(lockdown, paint).join("\n") : "";
  if (states.length > 0) {
    const each = states.map((state) => stateLines(state, paint, rates?.get(state.intranetId)).join("\n"));
    output.print([locked, ...each].filter(Boolean).join("\n\n"));
    return;
  }
  if (locked) output.say(locked);
  output.print(texts.cli.status.none);
}
