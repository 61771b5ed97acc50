import { Failure } from "../../core/causes/failure.ts";
import type { ClientEvent } from "../../core/client.ts";
import type { IntranetState } from "../../core/model.ts";
import type { Verb } from "../commands.ts";
import type { Context } from "../context.ts";
import { stateOutput } from "../json.ts";
import { painter, stateLines } from "../words.ts";

export const status: Verb<[], { watch?: boolean; intranet?: string }> = async (context, flags) => {
  if (flags.watch) return follow(context, flags.intranet);
  const { output } = context;
  const states = pick(await (await context.client()).states({ probe: true }), flags.intranet);
  output.print(describe(context, states));
  output.printJson(states.map(stateOutput));
  return 0;
};

/** Until Ctrl-C. With --json one line of JSON, a list as without --watch, per change. */
async function follow(context: Context, named: string | undefined): Promise<number> {
  const { output, signal } = context;
  const client = await context.client();
  pick(await client.states(), named);
  const states = new Map<string, IntranetState>();
  const isScreen = !output.json && process.stdout.isTTY;
  const watching = client.watch(
    (event: ClientEvent) => {
      if (event.kind === "snapshot") for (const state of event.states) states.set(state.intranetId, state);
      else if (event.kind === "changed") states.set(event.state.intranetId, event.state);
      else states.delete(event.intranetId);
      const shown = [...states.values()].filter((one) => !named || one.intranet === named || one.intranetId === named);
      if (isScreen) process.stdout.write("\u001b[H\u001b[J");
      output.print(describe(context, shown));
      output.printJson(shown.map(stateOutput));
    },
    { attentive: true },
  );
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  watching.close();
  return 0;
}

function pick(states: IntranetState[], named: string | undefined): IntranetState[] {
  if (named === undefined) return states;
  const found = states.filter((one) => one.intranet === named || one.intranetId === named);
  if (found.length > 0) return found;
  throw new Failure("unknown_intranet", { subject: named });
}

function describe(context: Context, states: IntranetState[]): string {
  if (states.length === 0) return "There is no intranet here yet. Sign in to one: sag sign-in LINK";
  const paint = painter(context.output.colour);
  return states.map((state) => stateLines(state, paint).join("\n")).join("\n\n");
}
