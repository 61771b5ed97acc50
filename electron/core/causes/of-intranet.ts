import type { CauseCode, StoreWord } from "../client/model.ts";
import { Failure } from "./failure.ts";

const aboutSignIn: readonly CauseCode[] = ["sign_in_expired", "password_change_required"];

/**
 * Makes the intranet the subject of a failure of its sign-in, instead of the server that refused: the action names the
 * command, which takes the intranet's name. Other failures are returned unchanged.
 */
export function ofIntranet(thrown: unknown, { name, store }: { name: string; store: StoreWord }): unknown {
  if (!(thrown instanceof Failure) || !aboutSignIn.includes(thrown.code)) return thrown;
  const isKept = store !== "none" || thrown.code !== "sign_in_expired";
  return new Failure(
    thrown.code,
    { ...thrown.details, subject: name, ...(isKept ? {} : { field: "not_kept" }) },
    { cause: thrown },
  );
}
