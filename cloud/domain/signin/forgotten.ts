import { randomInt } from "node:crypto";
import { Refusal } from "../../base/cause.ts";
import { say } from "../../base/say.ts";
import { sourceOf } from "../../security/address-prefix.ts";
import { hashPassword } from "../../security/passwords.ts";
import { equalInConstantTime, Secret } from "../../security/secret.ts";
import type { Db } from "../../store/db.ts";
import { lockCode } from "../../store/locks.ts";
import { nameKey } from "../../store/names.ts";
import { isKnownDevice } from "../../store/queries/devices.ts";
import * as codes from "../../store/queries/password-codes.ts";
import { accountUnderCode } from "../../store/queries/sign-ins.ts";
import { reserveAll } from "../../store/shared/attempts.ts";
import { transaction } from "../../store/transaction.ts";
import type { Context } from "../context.ts";
import { requirePassword } from "../limits/account.ts";
import { announceEnd } from "../sessions/ending.ts";
import { instancesOfCode, tooSoon } from "./credentials.ts";
import { signedOut } from "./refresh.ts";
import { setPassword } from "./sign-in.ts";
import { requireOpen } from "./state.ts";

/** Lifetime of a code, ms. */
export const codeMs = 15 * 60_000;
const tries = 5;
/** Minimum interval between two mails to one person for one device, ms. */
const pauseMs = 60_000;
/**
 * Maximum number of simultaneous codes for unknown devices of an account. Each source has its own lower limit, so only requests from
 * many sources together reach this one. Then the request is refused, because no mail is sent.
 */
const maxStrange = 30;

export interface Forgetful extends codes.CodeOwner {
  /** Address the request came from. */
  remote: string;
}

/** A one-time code with 50 random bits, in letters and digits without look-alikes. */
function newPasswordCode(): Secret {
  const letters = "ABCDEFGHJKMNPQRSTVWXYZ0123456789";
  const text = Array.from({ length: 10 }, () => letters[randomInt(letters.length)]).join("");
  return new Secret(`${text.slice(0, 5)}-${text.slice(5)}`);
}

const plain = (typed: string) => typed.toUpperCase().replace(/[\s-]/g, "");

/** Rate-limits sources that guess names or codes. Counts every attempt, so that the limit does not reveal which names exist. */
async function count({ attempts }: Context, what: string, { code, userName, remote }: Forgetful): Promise<void> {
  const source = sourceOf(remote);
  const name = `${what}|${code.toUpperCase()}|${nameKey(userName)}`;
  const ms = await reserveAll(attempts.forgotten.of(source, name), attempts.anyForgotten.of(source, what));
  if (ms > 0) throw tooSoon(ms);
}

const accountOf = (db: Db, { code, userName }: Forgetful) => accountUnderCode(db, code.toUpperCase(), userName);

/**
 * Sends a one-time code by mail. For names that do not exist it does the same work, including the row in the store, but sends no mail.
 * The mail is sent after the answer, so that timing does not reveal whether the name exists.
 */
export async function forgotPassword(context: Context, who: Forgetful): Promise<void> {
  const { store, clock, mint, mailer } = context;
  await instancesOfCode(context, who.code, who.remote);
  await count(context, "forgot", who);
  const now = clock.now();
  const secret = newPasswordCode();
  const account = await transaction(store, async (tx) => {
    await lockCode(tx, who.code.toUpperCase());
    const found = await accountOf(tx, who);
    const known = await isKnownDevice(tx, found?.id ?? "", who.deviceId);
    const made = await codes.passwordCodes(tx, who, now);
    const own = made.find((code) => code.deviceId === who.deviceId);
    // The previous mail was sent a moment ago.
    if (own && now - own.madeAt < pauseMs) return undefined;
    if (!own && !known && made.length >= maxStrange) {
      throw tooSoon(Math.max(1_000, Math.min(...made.map((code) => code.madeAt)) + codeMs - now));
    }
    const codeHash = mint.passwordCode(found?.id ?? "", plain(secret.reveal()));
    await codes.putPasswordCode(tx, who, { codeHash, triesLeft: tries, madeAt: now, expiresAt: now + codeMs });
    return found;
  });
  context.sweeper.by(now + codeMs);
  if (!account || account.disabled === 1) return;
  mailer.post({
    to: account.mail,
    subject: say("mail_code_subject").text,
    text: words(account.instanceName, account.userName, secret),
  });
  context.log("info", "password reset code queued for mailing", { account: account.id });
}

const words = (intranet: string, userName: string, code: Secret) =>
  new Secret(say("mail_code", { user: userName, intranet, code: code.reveal(), minutes: codeMs / 60_000, tries }).text);

const notRight = () => new Refusal("bad_credentials", say("password_code_wrong"), { field: "code" });

/** Sets a new password with a code from the mail; signs out all devices. */
export async function resetByCode(context: Context, who: Forgetful, typed: Secret, next: Secret): Promise<void> {
  const { store, clock, mint } = context;
  await instancesOfCode(context, who.code, who.remote);
  requirePassword(next.reveal());
  await count(context, "reset", who);
  // Count the attempt before checking the code, so that parallel requests cannot exceed the limit.
  const wanted = await codes.takeTry(store, who, clock.now());
  const account = await accountOf(store, who);
  const given = mint.passwordCode(account?.id ?? "", plain(typed.reveal()));
  if (!equalInConstantTime(wanted ?? "", given) || !account) throw notRight();
  const passwordHash = await hashPassword(next);
  const ended = await transaction(store, async (tx) => {
    const used = await codes.deletePasswordCodes(tx, who);
    const current = await accountOf(tx, who);
    if (!used.includes(given) || current?.id !== account.id || current.disabled === 1) throw notRight();
    requireOpen(current.locked === 1, current.endTime, clock.now());
    return setPassword(tx, context, account.id, { passwordHash, mustChange: 0 }, "");
  });
  await announceEnd(context, ended, signedOut);
  context.log("info", "password reset with a mailed code", { account: account.id });
}
