import { invalid, Refusal } from "../../base/cause.ts";
import { say } from "../../base/say.ts";
import { Secret } from "../../security/secret.ts";
import { matchingStep, newTotpSecret, totpUri } from "../../security/totp.ts";
import type { Db, Tx } from "../../store/db.ts";
import { deleteSecondFactor } from "../../store/queries/accounts.ts";
import * as factors from "../../store/queries/second-factors.ts";
import type { SecondFactor } from "../../store/shapes.ts";
import { transaction } from "../../store/transaction.ts";
import type { Context } from "../context.ts";
import { type Account, authenticate, type Credentials, requireUnchanged, tooSoon } from "./credentials.ts";

/** Time limit for confirming a new second factor, ms. */
export const confirmMs = 15 * 60_000;

const codeWanted = () => new Refusal("second_factor_required", say("second_factor_needed"), otp);
const notRight = () => new Refusal("second_factor_required", say("second_factor_wrong"), otp);
const usedUp = () => new Refusal("second_factor_required", say("second_factor_used"), otp);
const otp = { field: "otp" };
const setUpWanted = () =>
  new Refusal("second_factor_required", say("second_factor_required"), {
    field: "second_factor",
  });

/** Credentials with a TOTP code; "" = not given. */
export interface WithCode extends Credentials {
  otp: string;
}

/**
 * Checks a code and counts failures. A known device has its own counter; all others share one per account, since the caller already has
 * the password and may use many addresses.
 */
async function requireMatch(
  { attempts, clock }: Context,
  account: Account,
  code: string,
  secret: string,
  lastStep: number,
): Promise<{ step: number; release: () => Promise<void> }> {
  const key = `${account.id}|${account.knownDevice}`;
  const ms = await attempts.secondFactor.reserve(key);
  if (ms > 0) throw tooSoon(ms);
  const step = matchingStep(new Secret(secret), code, clock.now(), lastStep);
  // Reporting that a code was already used reveals nothing: the caller has that code.
  if (step === undefined)
    throw matchingStep(new Secret(secret), code, clock.now(), 0) === undefined ? notRight() : usedUp();
  return { step, release: () => attempts.secondFactor.release(key) };
}

/**
 * Checks and consumes a code of the second factor in force; each time step can be used once. Returns the factor's secret, or null if
 * there is no factor; pass it to `requireSameFactor` in the transaction that acts on the result.
 */
export async function requireSecondFactor(context: Context, account: Account, code: string): Promise<string | null> {
  const { store } = context;
  const row = await factors.findSecondFactor(store, account.id);
  if (!row?.secret) return null;
  if (code === "") throw codeWanted();
  const { step, release } = await requireMatch(context, account, code, row.secret, row.lastStep);
  // A concurrent request used the same code.
  if (!(await factors.takeStep(store, account.id, row.secret, step))) throw usedUp();
  await release();
  return row.secret;
}

/**
 * Like requireSecondFactor. If the instance requires a factor and the account has none yet, a code of a pending enrolment confirms it.
 */
export async function requireSecondFactorAtSignIn(
  context: Context,
  account: Account,
  code: string,
): Promise<string | null> {
  const row = await factors.findSecondFactor(context.store, account.id);
  if (row?.secret || account.secondFactorRequired !== 1) return requireSecondFactor(context, account, code);
  if (code !== "" && row?.pendingSecret && row.pendingUntil > context.clock.now()) {
    return putInForce(context, account, code, row);
  }
  throw setUpWanted();
}

/**
 * Call this in the transaction that acts on a checked code. Throws if the second factor was set up, replaced or removed since, or if
 * `required` and there is none.
 */
export async function requireSameFactor(
  tx: Tx,
  accountId: string,
  checked: string | null,
  required: boolean,
): Promise<void> {
  const secret = (await factors.findSecondFactor(tx, accountId))?.secret ?? null;
  if (secret === null && required) throw setUpWanted();
  if (secret !== checked) throw codeWanted();
}

async function putInForce(context: Context, account: Account, code: string, row: SecondFactor): Promise<string> {
  const pending = row.pendingSecret ?? "";
  const { step, release } = await requireMatch(context, account, code, pending, 0);
  await transaction(context.store, async (tx) => {
    await requireUnchanged(tx, account, context.clock.now());
    if (!(await factors.confirmFactor(tx, account.id, pending, step))) throw notRight();
  });
  await release();
  context.log("info", "second factor enabled", { account: account.id });
  return pending;
}

/** Creates a pending secret; a factor in force stays valid until the new one is confirmed. */
export async function enrolSecondFactor(
  context: Context,
  credentials: WithCode,
): Promise<{ secret: Secret; uri: Secret; lifetimeMs: number }> {
  const { store, clock } = context;
  const account = await authenticate(context, credentials);
  const factor = await requireSecondFactor(context, account, credentials.otp);
  const secret = newTotpSecret();
  await transaction(store, async (tx) => {
    await requireUnchanged(tx, account, clock.now());
    await requireSameFactor(tx, account.id, factor, false);
    await factors.putPendingFactor(tx, account.id, secret.reveal(), clock.now() + confirmMs);
  });
  return { secret, uri: totpUri(secret, account.instanceName, account.userName), lifetimeMs: confirmMs };
}

export async function confirmSecondFactor(context: Context, credentials: WithCode): Promise<void> {
  const account = await authenticate(context, credentials);
  const row = await factors.findSecondFactor(context.store, account.id);
  if (!row?.pendingSecret || row.pendingUntil <= context.clock.now()) {
    throw invalid("otp", say("second_factor_not_begun"));
  }
  if (credentials.otp === "") throw codeWanted();
  await putInForce(context, account, credentials.otp, row);
}

export async function removeSecondFactor(context: Context, credentials: WithCode): Promise<void> {
  const account = await authenticate(context, credentials);
  requireRemovable(account);
  const factor = await requireSecondFactor(context, account, credentials.otp);
  await transaction(context.store, async (tx) => {
    requireRemovable(await requireUnchanged(tx, account, context.clock.now()));
    await requireSameFactor(tx, account.id, factor, false);
    await deleteSecondFactor(tx, account.id);
  });
  context.log("info", "second factor removed", { account: account.id });
}

function requireRemovable(account: { secondFactorRequired: number }): void {
  if (account.secondFactorRequired !== 1) return;
  throw new Refusal("not_permitted", say("second_factor_kept"));
}

export async function hasSecondFactor(db: Db, accountId: string): Promise<boolean> {
  return Boolean((await factors.findSecondFactor(db, accountId))?.secret);
}
