import type { CauseCode, StoreWord } from "../client/model.ts";
import { Failure } from "./failure.ts";

const aboutSignIn: readonly CauseCode[] = ["sign_in_expired", "password_change_required"];

/**
 * Adds the intranet to a failure of its sign-in, so that the action can name the command. Other failures are returned
 * unchanged.
 */
export function ofIntranet(thrown: unknown, { name, store }: { name: string; store: StoreWord }): unknown {
  if (!(thrown instanceof Failure) || !aboutSignIn.includes(thrown.code) || thrown.details.subject) return thrown;
  const isKept = store !== "none" || thrown.code !== "sign_in_expired";
  return new Failure(
    thrown.code,
    { ...thrown.details, subject: name, ...(isKept ? {} : { field: "not_kept" }) },
    { cause: thrown },
  );
}
