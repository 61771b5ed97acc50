import { hashToken, type Secret } from "../../security/secret.ts";
import type { Tx } from "../../store/db.ts";
import { touchDevice } from "../../store/queries/devices.ts";
import * as signIns from "../../store/queries/sign-ins.ts";
import { transaction } from "../../store/transaction.ts";
import type { Context } from "../context.ts";
import { announceEnd, type Ending, endSessions, runningSessions } from "../sessions/ending.ts";
import { judge } from "./rotation.ts";
import { requireUsable, type SignInState, signInOver } from "./state.ts";

export interface Tokens {
  refreshToken: Secret;
  accessToken: Secret;
  /** Remaining lifetime of the sign-in, ms. */
  signInMs: number;
}

/** Exchanges a refresh token for its successor and an access token. */
export async function refresh(
  context: Context,
  token: string,
  deviceId: string,
): Promise<{ signIn: SignInState; tokens: Tokens }> {
  const { store, clock, mint, rotations } = context;
  const claim = mint.readRefreshToken(token);
  if (!claim) throw signInOver();
  const now = clock.now();
  const outcome = await transaction(store, async (tx) => {
    const signIn = await signIns.findSignIn(tx, claim.signInId);
    if (!signIn || signIn.deviceId !== deviceId) throw signInOver();
    const verdict = judge(signIn, { hash: hashToken(token), ...claim }, rotations.since(signIn.id, signIn.rotatedAt));
    if (verdict === "unknown") throw signInOver();
    if (verdict === "revoke" || signIn.ended) return { signIn, verdict: "revoke" as const };
    requireUsable(signIn, now);
    const generation = verdict === "rotate" ? signIn.generation + 1 : signIn.generation;
    const next = mint.refreshToken(signIn.id, generation);
    if (verdict === "repeat") {
      // The server's secret has changed since the successor was issued, so it cannot be derived again.
      if (hashToken(next.reveal()) !== signIn.tokenHash) throw signInOver();
      if (!(await signIns.reuseFormer(tx, signIn.id))) return { signIn, verdict: "again" as const };
    } else {
      const rotated = { generation, tokenHash: hashToken(next.reveal()), at: now };
      if (!(await signIns.rotateSignIn(tx, signIn.id, signIn.tokenHash, rotated))) {
        return { signIn, verdict: "again" as const };
      }
    }
    await touchDevice(tx, signIn.accountId, signIn.deviceId, now);
    return { signIn, verdict, next };
  });
  const { signIn } = outcome;
  // A concurrent request used the same token first: judge this one again by the new state.
  if (outcome.verdict === "again") return refresh(context, token, deviceId);
  if (outcome.verdict === "revoke") {
    if (!signIn.ended) {
      context.log("warn", "a used refresh token was presented again; signing the device out", { signIn: signIn.id });
      await endSignIn(context, signIn.id);
    }
    throw signInOver(signIn.endedReason);
  }
  if (outcome.verdict === "rotate") rotations.rotated(signIn.id);
  return {
    signIn,
    tokens: {
      refreshToken: outcome.next,
      accessToken: mint.accessToken(signIn.id, now),
      signInMs: signIn.expiresAt - now,
    },
  };
}

/** Why the sessions of an ended sign-in are over. */
export const signedOut = { cause: "sign_in_expired", text: "" } as const;

/**
 * Ends sign-ins and their sessions within a transaction. Returns the sessions, to be announced after the commit. Using a token of such
 * a sign-in later returns the ending's reason.
 */
export async function endSignIns(
  tx: Tx,
  context: Context,
  of: signIns.SignInsOf,
  ending: Ending = signedOut,
): Promise<string[]> {
  const sessions: string[] = [];
  for (const id of await signIns.endSignIns(tx, of, context.clock.now(), ending.reason ?? null)) {
    sessions.push(...(await runningSessions(tx, { signInId: id })));
  }
  return endSessions(tx, context, sessions, ending);
}

async function endSignIn(context: Context, id: string): Promise<void> {
  const ended = await transaction(context.store, (tx) => endSignIns(tx, context, { id }));
  await announceEnd(context, ended, signedOut);
}

/** Signs the device out. An unknown token is ignored. */
export async function signOut(context: Context, token: string): Promise<void> {
  const claim = context.mint.readRefreshToken(token);
  const signIn = claim && (await signIns.findSignIn(context.store, claim.signInId));
  if (!claim || !signIn) return;
  const verdict = judge(signIn, { hash: hashToken(token), ...claim }, 0);
  if (verdict !== "unknown") await endSignIn(context, signIn.id);
}

/** The sign-in of an access token. */
export async function signInOf(context: Context, accessToken: string): Promise<SignInState> {
  const id = context.mint.readAccessToken(accessToken, context.clock.now());
  const signIn = id && (await signIns.findSignIn(context.store, id));
  if (!signIn) throw signInOver();
  return signIn;
}
