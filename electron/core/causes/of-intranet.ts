import type { CauseCode, StoreWord } from "../client/model.ts";
import { Failure } from "./failure.ts";

const aboutSignIn: readonly CauseCode[] = ["sign_in_expired", "password_change_required"];

/** A failure of a sign-in with the intranet it is about, so that what to run can be named. Others are left as they are. */
export function ofIntranet(thrown: unknown, { name, store }: { name: string; store: StoreWord }): unknown {
  if (!(thrown instanceof Failure) || !aboutSignIn.includes(thrown.code) || thrown.details.subject) return thrown;
  const isKept = store !== "none" || thrown.code !== "sign_in_expired";
  return new Failure(
    thrown.code,
    { ...thrown.details, subject: name, ...(isKept ? {} : { field: "not_kept" }) },
    { cause: thrown },
  );
}
