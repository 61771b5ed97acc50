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
  /** Aborted by Ctrl-C, SIGTERM or SIGHUP. */
  signal: AbortSignal;
  /** Passes signals to `handler` from now on instead of aborting. */
  leaveSignals(handler: (name: NodeJS.Signals) => void): void;
  /** Loads and creates the client on first use. */
  client(): Promise<Client>;
}

export function createContext(output: Output): Context {
  const abort = new AbortController();
  let leftTo: ((name: NodeJS.Signals) => void) | undefined;
  const onSignal = (name: NodeJS.Signals): void => {
    if (leftTo) leftTo(name);
    // A second signal ends the process without cleaning up.
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
