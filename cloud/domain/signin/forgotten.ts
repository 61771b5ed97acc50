import { randomInt } from "node:crypto";
import type { Kysely } from "kysely";
import { Refusal } from "../../base/cause.ts";
import { addressPrefix } from "../../security/address-prefix.ts";
import { hashPassword } from "../../security/passwords.ts";
import { equalInConstantTime, Secret } from "../../security/secret.ts";
import type { Schema } from "../../store/schema.ts";
import type { Context } from "../context.ts";
import { requirePassword } from "../limits/account.ts";
import { instancesOfCode, tooSoon } from "./credentials.ts";
import { endOtherSignIns } from "./sign-in.ts";

/** ms that a code is good. */
export const codeMs = 15 * 60_000;
const tries = 5;
/** ms between two mails to one person for one device. */
const pauseMs = 60_000;
/** Codes for devices that were never in, at the same time: nobody floods somebody else's mail. */
const maxStrange = 3;

export interface Forgetful {
  code: string;
  userName: string;
  /** A code is good on the device that asked for it only: so nobody else can use up its tries. */
  deviceId: string;
  /** Address the request came from. */
  remote: string;
}

/** 50 random bits that people can type: letters and digits that do not look alike. */
function newPasswordCode(): Secret {
  const letters = "ABCDEFGHJKMNPQRSTVWXYZ0123456789";
  const text = Array.from({ length: 10 }, () => letters[randomInt(letters.length)]).join("");
  return new Secret(`${text.slice(0, 5)}-${text.slice(5)}`);
}

const plain = (typed: string) => typed.toUpperCase().replace(/[\s-]/g, "");

/** Slows down whoever tries names or codes; counts every attempt, as what became of it must not show. */
function count({ attempts }: Context, what: string, { code, userName, remote }: Forgetful): void {
  const prefix = addressPrefix(remote);
  const keys = [
    [attempts.unknown, `${what}|${prefix}`],
    [attempts.account, `${what}|${code.toUpperCase()}|${userName}|${prefix}`],
  ] as const;
  for (const [limiter, key] of keys) {
    const ms = limiter.waitFor(key);
    if (ms > 0) throw tooSoon(ms);
  }
  for (const [limiter, key] of keys) limiter.fail(key);
}

function accountOf(db: Kysely<Schema>, { code, userName }: Forgetful) {
  return db
    .selectFrom("account")
    .innerJoin("instance", "instance.id", "account.instance_id")
    .select(["account.id", "account.mail", "account.disabled", "instance.name"])
    .where("instance.enterprise_code", "=", code.toUpperCase())
    .where("account.user_name", "=", userName)
    .executeTakeFirst();
}

/**
 * Sends a one-time code. For names that do not exist it does the same, down to the row in the store; only that nobody gets the
 * mail, which is sent after the answer in any case.
 */
export async function forgotPassword(context: Context, who: Forgetful): Promise<void> {
  const { store, clock, mint, mailer } = context;
  await instancesOfCode(context, who.code, who.remote);
  count(context, "forgot", who);
  const now = clock.now();
  const enterprise_code = who.code.toUpperCase();
  const key = { enterprise_code, user_name: who.userName, device_id: who.deviceId };
  const secret = newPasswordCode();
  const account = await store.transaction().execute(async (tx) => {
    const found = await accountOf(tx, who);
    const known = await tx
      .selectFrom("device")
      .select("id")
      .where("account_id", "=", found?.id ?? "")
      .where("id", "=", who.deviceId)
      .executeTakeFirst();
    const codes = await tx
      .selectFrom("password_code")
      .select(["device_id", "made_at"])
      .where("enterprise_code", "=", enterprise_code)
      .where("user_name", "=", who.userName)
      .where("expires_at", ">", now)
      .execute();
    const own = codes.find((code) => code.device_id === who.deviceId);
    if (own ? now - own.made_at < pauseMs : !known && codes.length >= maxStrange) return undefined;
    const code_hash = mint.passwordCode(found?.id ?? "", plain(secret.reveal()));
    const made = { code_hash, tries_left: tries, made_at: now, expires_at: now + codeMs };
    await tx
      .insertInto("password_code")
      .values({ ...key, ...made })
      .onConflict((c) => c.columns(["enterprise_code", "user_name", "device_id"]).doUpdateSet(made))
      .execute();
    return found;
  });
  context.sweeper.by(now + codeMs);
  if (!account || account.disabled === 1) return;
  mailer.post({ to: account.mail, subject: "Your code for a new password", text: words(account.name, who, secret) });
  context.log("info", "a code for a forgotten password is on its way", { account: account.id });
}

const words = (intranet: string, { userName }: Forgetful, code: Secret) =>
  new Secret(
    [
      `Somebody, probably you, asked for a new password of ${userName} at ${intranet}.`,
      "",
      `    ${code.reveal()}`,
      "",
      `Enter this code where you asked for it. It is good there only, for ${codeMs / 60_000} minutes and ${tries} tries.`,
      "If it was not you, there is nothing to do: your password stays as it is.",
    ].join("\n"),
  );

const notRight = () =>
  new Refusal("bad_credentials", "The code is not right, or it is not good any more.", { field: "code" });

/** Sets a new password by a code from the mail; all devices are signed out. */
export async function resetByCode(context: Context, who: Forgetful, typed: Secret, next: Secret): Promise<void> {
  const { store, clock, mint } = context;
  await instancesOfCode(context, who.code, who.remote);
  requirePassword(next.reveal());
  count(context, "reset", who);
  const enterprise_code = who.code.toUpperCase();
  // Counted before it is looked at, so that many tries at once do not all slip through before the first is counted.
  const row = await store
    .updateTable("password_code")
    .set((e) => ({ tries_left: e("tries_left", "-", 1) }))
    .where("enterprise_code", "=", enterprise_code)
    .where("user_name", "=", who.userName)
    .where("device_id", "=", who.deviceId)
    .where("tries_left", ">", 0)
    .where("expires_at", ">", clock.now())
    .returning("code_hash")
    .executeTakeFirst();
  const account = await accountOf(store, who);
  const given = mint.passwordCode(account?.id ?? "", plain(typed.reveal()));
  if (!equalInConstantTime(row?.code_hash ?? "", given) || !account) throw notRight();
  const password_hash = await hashPassword(next);
  await store.transaction().execute(async (tx) => {
    const used = await tx
      .deleteFrom("password_code")
      .where("enterprise_code", "=", enterprise_code)
      .where("user_name", "=", who.userName)
      .returning("code_hash")
      .execute();
    if (!used.some((code) => code.code_hash === given)) throw notRight();
    await tx.updateTable("account").set({ password_hash, must_change: 0 }).where("id", "=", account.id).execute();
  });
  await endOtherSignIns(context, account.id, "");
  context.log("info", "password set by a code", { account: account.id });
}
