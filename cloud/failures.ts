import { causeTable } from "../electron/core/causes/table.ts";
import { type CauseCode, Refusal } from "./base/cause.ts";

/** What administrators do about it, where that is something else than what a person at a client does. */
const actions: Partial<Record<CauseCode, string>> = {
  data_directory_in_use: "Stop the other process, or choose another --data.",
  storage_readonly: "Make the directory writable for this user, or choose another --data.",
  storage_full: "Free some space on that disk.",
  port_in_use: "Choose another port, or stop what uses this one.",
  not_permitted: "Run it as a user who may, or choose something else.",
  not_a_real_path: "Give a directory with --data.",
  service_not_running: "Start it: sag-cloud serve --data DIR --listen HOST:PORT",
  invalid_argument: "Correct it and try again; --help lists the arguments.",
  not_found: "The list verb of that object shows what there is.",
  already_exists: "Choose another name, or change the one that exists.",
  address_in_use: "Choose another address.",
  protocol_too_old: "Use sagctl and sag-cloud of one version.",
  unknown: "The log of sag-cloud may say more.",
};

export interface FailureView {
  cause: CauseCode;
  message: string;
  action: string;
}

export function viewOf(refusal: Refusal): FailureView {
  return { cause: refusal.code, message: refusal.message, action: actions[refusal.code] ?? "" };
}

/** Ends the process with one sentence and what to do; with --json as JSON alone on stdout. Never a stack trace. */
export function fail(error: unknown, json: boolean): never {
  const words = error instanceof Error ? error.message : String(error);
  const refusal = error instanceof Refusal ? error : new Refusal("unknown", words);
  const view = viewOf(refusal);
  if (json) process.stdout.write(`${JSON.stringify(view)}\n`);
  else process.stderr.write(`${view.message} ${view.action}\n`);
  process.exit(causeTable[refusal.code].exit);
}

/** What the argument parser says ("error: unknown option …"), as a sentence. */
export function usage(said: string): Refusal {
  const words = said.replace(/^error: /, "");
  return new Refusal("invalid_argument", `${words.charAt(0).toUpperCase()}${words.slice(1).replace(/\.?$/, ".")}`);
}
