import { typedName } from "../../../common/user-name.ts";
import { type CauseCode, Refusal } from "../../base/cause.ts";
import { sourceOf } from "../../security/address-prefix.ts";
import { nameKey } from "../../store/names.ts";
import { audit } from "../audit.ts";
import type { Context } from "../context.ts";
import { runEffects } from "../effects.ts";

/** Audited actions with a password or a code; the action of a refusal has the suffix " refused". */
const actions = [
  "sign-in",
  "password change",
  "password reset by code",
  "second factor enrolment",
  "second factor confirmation",
  "second factor removal",
] as const;
export type SignInAction = (typeof actions)[number];

/** All actions whose audit records are deleted by age and number; records of administrators are never deleted. */
export const signInActions: readonly string[] = actions.flatMap((action) => [action, `${action} refused`]);

/** Who claims to act, and from which address. */
export interface Claimed {
  code: string;
  userName: string;
  deviceId: string;
  remote: string;
}

/** Causes that are not audited: throttled attempts, and failures that are not attempts to sign in. */
const unrecorded: ReadonlySet<CauseCode> = new Set([
  "too_many_attempts",
  "invalid_argument",
  "storage_full",
  "unknown",
]);

/** Runs an attempt with a password or a code, and writes its outcome to the audit and the log. */
export async function recorded<T>(
  context: Context,
  action: SignInAction,
  claimed: Claimed,
  work: () => Promise<T>,
): Promise<T> {
  const { code, userName, deviceId: device, remote } = claimed;
  const user = typedName(userName).slice(0, 64);
  const note = (what: string, after: object) =>
    audit(context.store, context.clock.now(), {
      actor: "client",
      action: what,
      target: code.toUpperCase().slice(0, 64),
      after: { userName: user, ...after },
    });
  try {
    const result = await work();
    if (context.signIns.take(`${action}|${code.toUpperCase()}|${nameKey(user)}`)) {
      await runEffects(context, () => note(action, { remote, device }));
    }
    return result;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    context.log("info", `${action} refused`, { cause: error.code, user, remote, device });
    if (!unrecorded.has(error.code) && context.refusals.take(sourceOf(remote).host)) {
      await runEffects(context, () => note(`${action} refused`, { remote, device, cause: error.code }));
    }
    throw error;
  }
}
