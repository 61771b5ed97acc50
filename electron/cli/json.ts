import { commandView } from "../core/causes/failure.ts";
import type { CauseCode, FixerWord, IntranetState } from "../core/client/model.ts";

/** A state as `--json` prints it: the cause as its code, with the message and action beside it, as in a failure. */
export type StateOutput = Omit<IntranetState, "cause"> & {
  cause: CauseCode | null;
  message?: string;
  action?: string;
  fixer?: FixerWord;
};

export function stateOutput({ cause, ...state }: IntranetState): StateOutput {
  if (!cause) return { ...state, cause: null };
  const { message, action, fixer } = commandView(cause, { subject: state.intranet });
  return { ...state, cause: cause.cause, message, action, fixer };
}
