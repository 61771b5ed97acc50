import { Refusal } from "../../base/cause.ts";
import { say } from "../../base/say.ts";
import type { Tx } from "../../store/db.ts";
import { findSignIn, type SignInState } from "../../store/queries/sign-ins.ts";
import { reasonWords } from "../sessions/reasons.ts";

export type { SignInState };

/** The refusal of whoever holds a token of a sign-in that is over. `reason`: as the store has it. */
export const signInOver = (reason: string | null = null) =>
  new Refusal("sign_in_expired", reasonWords(reason) ?? say("sign_in_over"));

/** Refuses what an account or sign-in that is over, disabled or in want of a new password may not do. `now`: epoch ms. */
export function requireUsable(signIn: SignInState, now: number): void {
  requireOpen(signIn.instanceLocked, signIn.instanceEnd, now);
  if (signIn.disabled) throw new Refusal("account_disabled", say("account_disabled"));
  if (signIn.ended || signIn.expiresAt <= now) throw signInOver(signIn.endedReason);
  if (signIn.mustChange) throw new Refusal("password_change_required", say("password_change_needed"));
}

/**
 * To be called in the transaction that acts for a sign-in which was loaded before: it may have ended meanwhile, its account been
 * disabled. Returns it as it is now.
 */
export async function requireStillUsable(tx: Tx, signIn: SignInState, now: number): Promise<SignInState> {
  const current = await findSignIn(tx, signIn.id);
  if (!current) throw signInOver();
  requireUsable(current, now);
  return current;
}

/** Refuses what is not allowed in an instance that is locked or has ended. Times are epoch ms. */
export function requireOpen(locked: boolean, end: number | null, now: number): void {
  if (locked) throw new Refusal("instance_locked", say("instance_locked"));
  if (end !== null && end <= now) {
    throw new Refusal("instance_expired", say("instance_expired"));
  }
}
