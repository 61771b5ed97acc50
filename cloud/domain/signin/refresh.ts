import { Refusal } from "../../base/cause.ts";
import { hashToken, type Secret } from "../../security/secret.ts";
import type { Context } from "../context.ts";
import { endNow, runningSessions } from "../sessions/ending.ts";
import { judge } from "./rotation.ts";
import { loadSignIn, requireUsable, type SignInState } from "./state.ts";

export interface Tokens {
  refreshToken: Secret;
  accessToken: Secret;
  /** ms. */
  signInMs: number;
}

const over = () => new Refusal("sign_in_expired", "The sign-in of this device is over.");

/** Exchanges a refresh token for the next one and an access token. */
export async function refresh(
  context: Context,
  token: string,
  deviceId: string,
): Promise<{ signIn: SignInState; tokens: Tokens }> {
  const { store, clock, mint } = context;
  const claim = mint.readRefreshToken(token);
  if (!claim) throw over();
  const now = clock.now();
  const outcome = await store.transaction().execute(async (tx) => {
    const signIn = await loadSignIn(tx, claim.signInId);
    if (!signIn || signIn.deviceId !== deviceId) throw over();
    const verdict = judge(signIn, { hash: hashToken(token), ...claim }, now);
    if (verdict === "unknown") throw over();
    if (verdict === "revoke" || signIn.ended) return { signIn, verdict: "revoke" as const };
    requireUsable(signIn, now);
    const generation = verdict === "rotate" ? signIn.generation + 1 : signIn.generation;
    const next = mint.refreshToken(signIn.id, generation);
    if (verdict === "repeat") {
      // The server's secret is another one than when the successor was made: it cannot be told again.
      if (hashToken(next.reveal()) !== signIn.tokenHash) throw over();
      await tx.updateTable("sign_in").set({ former_reused: 1 }).where("id", "=", signIn.id).execute();
    } else {
      await tx
        .updateTable("sign_in")
        .set({
          generation,
          token_hash: hashToken(next.reveal()),
          former_hash: signIn.tokenHash,
          former_reused: 0,
          rotated_at: now,
        })
        .where("id", "=", signIn.id)
        .execute();
    }
    await tx
      .updateTable("device")
      .set({ last_seen_at: now })
      .where("account_id", "=", signIn.accountId)
      .where("id", "=", signIn.deviceId)
      .execute();
    return { signIn, verdict, next };
  });
  const { signIn } = outcome;
  if (outcome.verdict === "revoke") {
    if (!signIn.ended) {
      context.log("warn", "a used refresh token came back: the device is signed out", { signIn: signIn.id });
      await endSignIns(context, [signIn.id]);
    }
    throw over();
  }
  return {
    signIn,
    tokens: {
      refreshToken: outcome.next,
      accessToken: mint.accessToken(signIn.id, now),
      signInMs: signIn.expiresAt - now,
    },
  };
}

/** Ends sign-ins and the sessions that were dialled on them. */
export async function endSignIns(context: Context, ids: readonly string[]): Promise<void> {
  const { store, clock } = context;
  for (const id of ids) {
    await store
      .updateTable("sign_in")
      .set({ ended_at: clock.now() })
      .where("id", "=", id)
      .where("ended_at", "is", null)
      .execute();
    await endNow(context, await runningSessions(store, { signInId: id }), { cause: "sign_in_expired", text: "" });
  }
}

/** Signs the device out. An unknown token is no failure. */
export async function signOut(context: Context, token: string): Promise<void> {
  const claim = context.mint.readRefreshToken(token);
  const signIn = claim && (await loadSignIn(context.store, claim.signInId));
  if (!claim || !signIn) return;
  const verdict = judge(signIn, { hash: hashToken(token), ...claim }, context.clock.now());
  if (verdict !== "unknown") await endSignIns(context, [signIn.id]);
}

/** The sign-in an access token stands for. */
export async function signInOf(context: Context, accessToken: string): Promise<SignInState> {
  const id = context.mint.readAccessToken(accessToken, context.clock.now());
  const signIn = id && (await loadSignIn(context.store, id));
  if (!signIn) throw over();
  return signIn;
}
