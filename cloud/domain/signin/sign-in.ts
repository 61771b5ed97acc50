import { invalid, Refusal } from "../../base/cause.ts";
import { newHexId } from "../../base/ids.ts";
import { hashPassword } from "../../security/passwords.ts";
import { hashToken, type Secret } from "../../security/secret.ts";
import type { Context } from "../context.ts";
import { requirePassword } from "../limits/account.ts";
import { authenticate } from "./credentials.ts";
import { endSignIns, type Tokens } from "./refresh.ts";
import { requireSecondFactor, requireSecondFactorAtSignIn, type WithCode } from "./second-factor.ts";
import { loadSignIn, type SignInState } from "./state.ts";

export interface DeviceDescription {
  id: string;
  name: string;
  platform: string;
}

export async function signIn(
  context: Context,
  credentials: WithCode,
  device: DeviceDescription,
): Promise<{ signIn: SignInState; tokens: Tokens }> {
  const { store, clock, mint } = context;
  const account = await authenticate(context, credentials);
  if (account.must_change === 1) {
    throw new Refusal("password_change_required", "A new password has to be chosen first.");
  }
  await requireSecondFactorAtSignIn(context, account, credentials.otp);
  const now = clock.now();
  const id = newHexId();
  const refreshToken = mint.refreshToken(id, 1);
  const state = await store.transaction().execute(async (tx) => {
    const seen = { name: device.name, platform: device.platform, last_seen_at: now };
    await tx
      .insertInto("device")
      .values({ account_id: account.id, id: device.id, first_seen_at: now, ...seen })
      .onConflict((c) => c.columns(["account_id", "id"]).doUpdateSet(seen))
      .execute();
    // A device has one sign-in per account: its running session goes on with the new one.
    const former = await tx
      .updateTable("sign_in")
      .set({ ended_at: now })
      .where("account_id", "=", account.id)
      .where("device_id", "=", device.id)
      .where("ended_at", "is", null)
      .returning("id")
      .execute();
    await tx
      .insertInto("sign_in")
      .values({
        id,
        account_id: account.id,
        device_id: device.id,
        generation: 1,
        token_hash: hashToken(refreshToken.reveal()),
        former_hash: null,
        rotated_at: now,
        former_reused: 0,
        created_at: now,
        expires_at: now + account.sign_in_seconds * 1_000,
        ended_at: null,
      })
      .execute();
    if (former.length > 0) {
      await tx
        .updateTable("session")
        .set({ sign_in_id: id })
        .where(
          "sign_in_id",
          "in",
          former.map((row) => row.id),
        )
        .where("ended_at", "is", null)
        .execute();
    }
    return loadSignIn(tx, id);
  });
  if (!state) throw new Error("a sign-in that was just made is not there");
  context.log("info", "signed in", { account: account.id, device: device.id });
  return {
    signIn: state,
    tokens: { refreshToken, accessToken: mint.accessToken(id, now), signInMs: state.expiresAt - now },
  };
}

/** Changes the password; all devices but the one that asks are signed out. */
export async function changePassword(context: Context, credentials: WithCode, next: Secret): Promise<void> {
  const { store } = context;
  const account = await authenticate(context, credentials);
  requirePassword(next.reveal());
  if (next.reveal() === credentials.password.reveal()) {
    throw invalid("new_password", "The new password must be another one.");
  }
  // A change that was asked for at sign-in needs none: signing in does, right after, and a code is good only once.
  if (account.must_change === 0) await requireSecondFactor(context, account, credentials.otp);
  await store
    .updateTable("account")
    .set({ password_hash: await hashPassword(next), must_change: 0 })
    .where("id", "=", account.id)
    .where("password_hash", "=", account.password_hash)
    .execute();
  await endOtherSignIns(context, account.id, credentials.deviceId);
  context.log("info", "password changed", { account: account.id });
}

/** `exceptDevice` "" = none is spared. */
export async function endOtherSignIns(context: Context, accountId: string, exceptDevice: string): Promise<void> {
  const rows = await context.store
    .selectFrom("sign_in")
    .select("id")
    .where("account_id", "=", accountId)
    .where("device_id", "!=", exceptDevice)
    .where("ended_at", "is", null)
    .execute();
  await endSignIns(
    context,
    rows.map((row) => row.id),
  );
}
