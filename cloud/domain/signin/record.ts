import { typedName } from "../../../common/user-name.ts";
import { type CauseCode, Refusal } from "../../base/cause.ts";
import { sourceOf } from "../../security/address-prefix.ts";
import { nameKey } from "../../store/names.ts";
import { audit } from "../audit.ts";
import type { Context } from "../context.ts";
import { runEffects } from "../effects.ts";

/** What people do with a password or a code, as the audit names it; a refusal is this with " refused". */
const actions = [
  "sign-in",
  "password change",
  "password reset by code",
  "second factor enrolment",
  "second factor confirmation",
  "second factor removal",
] as const;
export type SignInAction = (typeof actions)[number];

/** All rows of the audit about these: they are deleted by age and number, those of administrators never. */
export const signInActions: readonly string[] = actions.flatMap((action) => [action, `${action} refused`]);

/** Who claims to act, and from where. */
export interface Claimed {
  code: string;
  userName: string;
  deviceId: string;
  remote: string;
}

/** Too many attempts are not recorded one by one, nor what is no attempt. */
const unrecorded: ReadonlySet<CauseCode> = new Set([
  "too_many_attempts",
  "invalid_argument",
  "storage_full",
  "unknown",
]);

/** Runs an attempt with a password or a code, and records in audit and log that it succeeded or why it was refused. */
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
