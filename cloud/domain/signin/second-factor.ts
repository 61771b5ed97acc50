import type { Kysely } from "kysely";
import { invalid, Refusal } from "../../base/cause.ts";
import { Secret } from "../../security/secret.ts";
import { matchingStep, newTotpSecret, totpUri } from "../../security/totp.ts";
import type { Schema } from "../../store/schema.ts";
import type { SecondFactorTable } from "../../store/schema-people.ts";
import { unnoted } from "../audit.ts";
import type { Context } from "../context.ts";
import { type Account, authenticate, type Credentials, tooSoon } from "./credentials.ts";

/** ms within which a new second factor has to be confirmed. */
export const confirmMs = 15 * 60_000;

const codeWanted = () => new Refusal("second_factor_required", "A code from your authenticator is needed.", otp);
const notRight = () => new Refusal("second_factor_required", "This code is not right.", otp);
const usedUp = () => new Refusal("second_factor_required", "This code was used already: wait for the next one.", otp);
const otp = { field: "otp" };

/** Credentials with a code; "" = none given. */
export interface WithCode extends Credentials {
  otp: string;
}

function load(db: Kysely<Schema>, accountId: string): Promise<SecondFactorTable | undefined> {
  return db.selectFrom("second_factor").selectAll().where("account_id", "=", accountId).executeTakeFirst();
}

/**
 * Checks a code and counts what fails. A device that was in before has a count of its own; all others share one, since who is
 * here has the password already and may come from many addresses.
 */
async function requireMatch(
  { attempts, clock }: Context,
  account: Account,
  code: string,
  secret: string,
  lastStep: number,
): Promise<{ step: number; forgive: () => void }> {
  const key = `${account.id}|${account.knownDevice}`;
  const ms = attempts.secondFactor.waitFor(key);
  if (ms > 0) throw tooSoon(ms);
  attempts.secondFactor.fail(key);
  const step = matchingStep(new Secret(secret), code, clock.now(), lastStep);
  // Who has a code that was good learns nothing by hearing that it was.
  if (step === undefined)
    throw matchingStep(new Secret(secret), code, clock.now(), 0) === undefined ? notRight() : usedUp();
  return { step, forgive: () => attempts.secondFactor.forgive(key) };
}

/** Takes a code of the factor in force, each step once; without a factor there is nothing to check. */
export async function requireSecondFactor(context: Context, account: Account, code: string): Promise<void> {
  const { store } = context;
  const row = await load(store, account.id);
  if (!row?.secret) return;
  if (code === "") throw codeWanted();
  const { step, forgive } = await requireMatch(context, account, code, row.secret, row.last_step);
  const taken = await store
    .updateTable("second_factor")
    .set({ last_step: step })
    .where("account_id", "=", account.id)
    .where("secret", "=", row.secret)
    .where("last_step", "<", step)
    .executeTakeFirst();
  // Another call was faster with the same code.
  if (taken.numUpdatedRows === 0n) throw usedUp();
  forgive();
}

/** As requireSecondFactor; where one is required and missing, a code of one that was just enrolled puts that in force. */
export async function requireSecondFactorAtSignIn(context: Context, account: Account, code: string): Promise<void> {
  const row = await load(context.store, account.id);
  if (row?.secret || account.second_factor_required !== 1) return requireSecondFactor(context, account, code);
  if (code !== "" && row?.pending_secret && row.pending_until > context.clock.now()) {
    return putInForce(context, account, code, row);
  }
  throw new Refusal("second_factor_required", "A second factor is required here: set one up first.", {
    field: "second_factor",
  });
}

async function putInForce(context: Context, account: Account, code: string, row: SecondFactorTable): Promise<void> {
  const pending = row.pending_secret ?? "";
  const { step, forgive } = await requireMatch(context, account, code, pending, 0);
  const done = await context.store
    .updateTable("second_factor")
    .set({ secret: pending, last_step: step, pending_secret: null, pending_until: 0 })
    .where("account_id", "=", account.id)
    .where("pending_secret", "=", pending)
    .executeTakeFirst();
  if (done.numUpdatedRows === 0n) throw notRight();
  forgive();
  context.log("info", "second factor in force", { account: account.id });
}

/** Makes a new secret beside the one in force, if there is one. */
export async function enrolSecondFactor(
  context: Context,
  credentials: WithCode,
): Promise<{ secret: Secret; uri: Secret; lifetimeMs: number }> {
  const { store, clock } = context;
  const account = await authenticate(context, credentials);
  await requireSecondFactor(context, account, credentials.otp);
  const secret = newTotpSecret();
  const pending = { pending_secret: secret.reveal(), pending_until: clock.now() + confirmMs };
  await store
    .insertInto("second_factor")
    .values({ account_id: account.id, secret: null, last_step: 0, ...pending })
    .onConflict((c) => c.column("account_id").doUpdateSet(pending))
    .execute();
  return { secret, uri: totpUri(secret, account.instance_name, account.user_name), lifetimeMs: confirmMs };
}

export async function confirmSecondFactor(context: Context, credentials: WithCode): Promise<void> {
  const account = await authenticate(context, credentials);
  const row = await load(context.store, account.id);
  if (!row?.pending_secret || row.pending_until <= context.clock.now()) {
    throw invalid("otp", "There is no second factor to confirm: set one up first.");
  }
  if (credentials.otp === "") throw codeWanted();
  await putInForce(context, account, credentials.otp, row);
}

export async function removeSecondFactor(context: Context, credentials: WithCode): Promise<void> {
  const account = await authenticate(context, credentials);
  if (account.second_factor_required === 1) {
    throw new Refusal("not_permitted", "A second factor is required here: it can be replaced, but not removed.");
  }
  await requireSecondFactor(context, account, credentials.otp);
  await dropSecondFactor(context, account.id);
}

/** Also for administrators, when somebody lost the authenticator. */
export async function dropSecondFactor(context: Context, accountId: string, note = unnoted): Promise<void> {
  await context.store.transaction().execute(async (tx) => {
    await tx.deleteFrom("second_factor").where("account_id", "=", accountId).execute();
    await note(tx);
  });
  context.log("info", "second factor removed", { account: accountId });
}

export async function hasSecondFactor(db: Kysely<Schema>, accountId: string): Promise<boolean> {
  return Boolean((await load(db, accountId))?.secret);
}
