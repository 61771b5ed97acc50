import type { CauseCode, StoreWord } from "../client/model.ts";
import { Failure } from "./failure.ts";

/** Causes whose action at a terminal is a command that takes the intranet. */
const ofOneIntranet: readonly CauseCode[] = ["sign_in_expired", "password_change_required", "session_limit"];

/**
 * Makes the intranet the subject of such a failure, instead of the server that refused, because the command takes the
 * intranet's name. Other failures are returned unchanged.
 */
export function ofIntranet(thrown: unknown, { name, store }: { name: string; store: StoreWord }): unknown {
  if (!(thrown instanceof Failure) || !ofOneIntranet.includes(thrown.code)) return thrown;
  const isKept = store !== "none" || thrown.code !== "sign_in_expired";
  return new Failure(
    thrown.code,
    { ...thrown.details, subject: name, ...(isKept ? {} : { field: "not_kept" }) },
    { cause: thrown },
  );
}
