import { exitInterrupted } from "../../common/causes/table.ts";
import type { Client } from "../core/client/client.ts";
import { Interrupted } from "./interrupted.ts";
import { leave } from "./leave.ts";
import type { Output } from "./output.ts";
import { Prompt } from "./prompt.ts";

/** What a verb works with. */
export interface Context {
  output: Output;
  prompt: Prompt;
  /** Aborted by Ctrl-C or a polite kill. */
  signal: AbortSignal;
  /** From now on signals no longer abort; the caller handles them. */
  leaveSignals(handler: (name: NodeJS.Signals) => void): void;
  /** Loaded and made when first asked for. */
  client(): Promise<Client>;
}

export function createContext(output: Output): Context {
  const abort = new AbortController();
  let leftTo: ((name: NodeJS.Signals) => void) | undefined;
  const onSignal = (name: NodeJS.Signals): void => {
    if (leftTo) leftTo(name);
    // The second one does not wait for the tidying up.
    else if (abort.signal.aborted) leave(exitInterrupted);
    else abort.abort(new Interrupted());
  };
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, onSignal);
  let client: Promise<Client> | undefined;
  return {
    output,
    prompt: new Prompt(),
    signal: abort.signal,
    leaveSignals: (handler) => {
      leftTo = handler;
    },
    client: () => {
      client ??= import("../core/client/client.ts").then(({ createClient }) =>
        createClient({ onNotice: (text) => output.say(text) }),
      );
      return client;
    },
  };
}
