import { Refusal } from "../../base/cause.ts";
import { say } from "../../base/say.ts";
import type { Tx } from "../../store/db.ts";
import { findSignIn, type SignInState } from "../../store/queries/sign-ins.ts";
import { banEnding, endingRefusal } from "../sessions/ending.ts";
import { reasonWords } from "../sessions/reasons.ts";

export type { SignInState };

/** The refusal for a token of an ended sign-in. `reason` is the stored reason. */
export const signInOver = (reason: string | null = null) =>
  new Refusal("sign_in_expired", reasonWords(reason) ?? say("sign_in_over"));

/**
 * Throws if the instance is locked or expired, the account disabled or banned, the sign-in over or a password change due. `now` is
 * epoch ms.
 */
export function requireUsable(signIn: SignInState, now: number): void {
  requireOpen(signIn.instanceLocked, signIn.instanceEnd, now);
  if (signIn.disabled) throw new Refusal("account_disabled", say("account_disabled"));
  requireNotBanned(signIn, now);
  if (signIn.ended || signIn.expiresAt <= now) throw signInOver(signIn.endedReason);
  if (signIn.mustChange) throw new Refusal("password_change_required", say("password_change_needed"));
}

/**
 * Call this in the transaction that acts on a sign-in loaded earlier: it may have ended or its account been disabled since. Returns the
 * current state.
 */
export async function requireStillUsable(tx: Tx, signIn: SignInState, now: number): Promise<SignInState> {
  const current = await findSignIn(tx, signIn.id);
  if (!current) throw signInOver();
  requireUsable(current, now);
  return current;
}

/** Throws if an administrator has banned the account until a later time than `now`, epoch ms. */
export function requireNotBanned(account: { bannedUntil: number | null; banReason: string }, now: number): void {
  const { bannedUntil, banReason } = account;
  if (bannedUntil === null || bannedUntil <= now) return;
  const { said } = endingRefusal(banEnding(bannedUntil, banReason));
  throw new Refusal("kicked", said, { retryAfterMs: bannedUntil - now });
}

/** Throws if the instance is locked or has expired. Times are epoch ms. */
export function requireOpen(locked: boolean, end: number | null, now: number): void {
  if (locked) throw new Refusal("instance_locked", say("instance_locked"));
  if (end !== null && end <= now) {
    throw new Refusal("instance_expired", say("instance_expired"));
  }
}
