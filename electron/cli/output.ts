import { exitInterrupted } from "../../common/causes/table.ts";
import { texts } from "../../common/text/cli.ts";
import { commandView, exitCodeOf, Failure, failureView } from "../core/causes/failure.ts";
import type { FailureView } from "../core/client/model.ts";
import { Interrupted } from "./interrupted.ts";

/** Where a verb writes: messages go to stderr, results to stdout. With --json stdout has only JSON. */
export interface Output {
  json: boolean;
  /** Colour is used only on a terminal, and never with NO_COLOR. */
  colour: boolean;
  /** A result for people. */
  print(text: string): void;
  /** A result for programs. */
  printJson(value: unknown): void;
  /** A message about progress, for people. */
  say(text: string): void;
}

export function createOutput(json: boolean): Output {
  const { env, stderr, stdout } = process;
  return {
    json,
    colour: !json && Boolean(stdout.isTTY) && !env.NO_COLOR && env.TERM !== "dumb",
    print: (text) => void (json || stdout.write(`${text}\n`)),
    printJson: (value) => void (json && stdout.write(`${JSON.stringify(value)}\n`)),
    say: (text) => void stderr.write(`${text}\n`),
  };
}

/**
 * Prints a failure of `command`, such as "sag connect", and returns its exit code. Anything that is not a Failure is
 * reported as `unknown`, without its stack.
 */
export function tellFailure(output: Output, thrown: unknown, command: string): number {
  if (thrown instanceof Interrupted) {
    output.printJson({ cause: "unknown", message: texts.cli.output.interrupted, action: "" });
    return exitInterrupted;
  }
  const view: FailureView =
    thrown instanceof Failure
      ? commandView(thrown.view, { ...thrown.details, command })
      : commandView(failureView("unknown"));
  if (output.json) output.printJson(view);
  else {
    output.say(`sag: ${view.message}`);
    if (view.action) output.say(`     ${view.action}`);
    for (const session of view.sessions ?? []) {
      output.say(
        `     ${session.id}  ${session.deviceName}  ${session.clientIp}  ${texts.cli.account.sessionAge(session.ageMs)}`,
      );
    }
  }
  return exitCodeOf(view.cause);
}
