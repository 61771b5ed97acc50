import { invalid, Refusal } from "../../base/cause.ts";
import { newHexId } from "../../base/ids.ts";
import { say } from "../../base/say.ts";
import { hashPassword } from "../../security/passwords.ts";
import { hashToken, type Secret } from "../../security/secret.ts";
import type { Tx } from "../../store/db.ts";
import { lockAccount } from "../../store/locks.ts";
import { deleteDevice, putDevice, surplusDevices } from "../../store/queries/devices.ts";
import { deletePasswordCodesOf } from "../../store/queries/password-codes.ts";
import { moveSessions } from "../../store/queries/sessions.ts";
import * as signIns from "../../store/queries/sign-ins.ts";
import { transaction } from "../../store/transaction.ts";
import type { Context } from "../context.ts";
import { requirePassword } from "../limits/account.ts";
import { announceEnd, type Ending } from "../sessions/ending.ts";
import { authenticate, requireUnchanged } from "./credentials.ts";
import { endSignIns, signedOut, type Tokens } from "./refresh.ts";
import { requireSameFactor, requireSecondFactor, requireSecondFactorAtSignIn, type WithCode } from "./second-factor.ts";
import type { SignInState } from "./state.ts";

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
  const { signIn: counter } = context.attempts;
  const tooOften = (ms: number) => new Refusal("too_many_attempts", say("sign_in_too_often"), { retryAfterMs: ms });
  const ms = await counter.waitFor(account.id);
  if (ms > 0) throw tooOften(ms);
  requireLasting(account);
  const factor = await requireSecondFactorAtSignIn(context, account, credentials.otp);
  const now = clock.now();
  const id = newHexId();
  const refreshToken = mint.refreshToken(id, 1);
  const refused = await counter.reserve(account.id);
  if (refused > 0) throw tooOften(refused);
  const { state, ended } = await transaction(store, async (tx) => {
    await lockAccount(tx, account.id);
    const current = await requireUnchanged(tx, account, now);
    requireLasting(current);
    await requireSameFactor(tx, account.id, factor, current.secondFactorRequired === 1);
    const { id: deviceId, name, platform } = device;
    await putDevice(tx, {
      accountId: account.id,
      id: deviceId,
      name,
      platform,
      firstSeenAt: now,
      lastSeenAt: now,
    });
    const ended = await forgetOldDevices(tx, context, account.id);
    // A device has one sign-in per account; its running session continues under the new one.
    const former = await signIns.endSignIns(tx, { accountId: account.id, deviceId }, now, "");
    await signIns.insertSignIn(tx, {
      id,
      accountId: account.id,
      deviceId,
      tokenHash: hashToken(refreshToken.reveal()),
      createdAt: now,
      expiresAt: now + current.signInSeconds * 1_000,
    });
    await moveSessions(tx, former, id);
    const made = await signIns.findSignIn(tx, id);
    if (!made) throw new Error("a sign-in that was just made is not there");
    return { state: made, ended };
  }).catch(async (error: unknown) => {
    await counter.cancel(account.id);
    throw error;
  });
  await announceEnd(context, ended, signedOut);
  context.log("info", "signed in", { account: account.id, device: device.id });
  return {
    signIn: state,
    tokens: { refreshToken, accessToken: mint.accessToken(id, now), signInMs: state.expiresAt - now },
  };
}

/** Maximum number of devices per account; the API's list of devices has the same limit. */
const maxDevices = 256;

/**
 * Signs out and deletes the devices not seen for longest, as every sign-in may add one. Returns the ended sessions, to be announced
 * after the commit.
 */
async function forgetOldDevices(tx: Tx, context: Context, accountId: string): Promise<string[]> {
  const ended: string[] = [];
  for (const deviceId of await surplusDevices(tx, accountId, maxDevices)) {
    ended.push(...(await endSignIns(tx, context, { accountId, deviceId })));
    await deleteDevice(tx, accountId, deviceId);
  }
  return ended;
}

function requireLasting(account: { mustChange: number }): void {
  if (account.mustChange === 1) {
    throw new Refusal("password_change_required", say("password_change_needed"));
  }
}

/** Changes the password and signs out all devices except the calling one. */
export async function changePassword(context: Context, credentials: WithCode, next: Secret): Promise<void> {
  const { store, clock } = context;
  const account = await authenticate(context, credentials);
  requirePassword(next.reveal());
  if (next.reveal() === credentials.password.reveal()) {
    throw invalid("new_password", say("password_same"));
  }
  // If the change was required at sign-in, no code is needed here: the sign-in that follows needs one, and a code can be used only
  // once.
  const factor = account.mustChange === 0 ? await requireSecondFactor(context, account, credentials.otp) : undefined;
  const passwordHash = await hashPassword(next);
  const ended = await transaction(store, async (tx) => {
    await requireUnchanged(tx, account, clock.now());
    if (factor !== undefined) await requireSameFactor(tx, account.id, factor, false);
    return setPassword(tx, context, account.id, { passwordHash, mustChange: 0 }, credentials.deviceId);
  });
  await announceEnd(context, ended, signedOut);
  context.log("info", "password changed", { account: account.id });
}

/**
 * Replaces a password within a transaction. Ends the account's sign-ins, their sessions and its codes for a forgotten password. Returns
 * the sessions, to be announced after the commit. `exceptDevice` stays signed in ("" = none); `ending` is the reason for the others.
 */
export async function setPassword(
  tx: Tx,
  context: Context,
  accountId: string,
  password: { passwordHash: string; mustChange: number },
  exceptDevice: string,
  ending: Ending = signedOut,
): Promise<string[]> {
  await signIns.setPassword(tx, accountId, password);
  // Invalidate codes that were requested before the password was replaced.
  await deletePasswordCodesOf(tx, accountId);
  return endSignIns(tx, context, { accountId, exceptDevice }, ending);
}
