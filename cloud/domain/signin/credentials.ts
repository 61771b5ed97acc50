import { Refusal } from "../../base/cause.ts";
import { addressPrefix } from "../../security/address-prefix.ts";
import { verifyPassword } from "../../security/passwords.ts";
import type { Secret } from "../../security/secret.ts";
import type { Context } from "../context.ts";
import { requireOpen } from "./state.ts";

export interface Credentials {
  code: string;
  userName: string;
  password: Secret;
  /** "" = none given. */
  deviceId: string;
  /** Address the request came from. */
  remote: string;
}

export const tooSoon = (retryAfterMs: number) =>
  new Refusal("too_many_attempts", "Too many attempts have failed.", { retryAfterMs });

/** The instances of a code, for Discover and SignIn; refuses an unknown one, and those who keep guessing. */
export async function instancesOfCode(context: Context, code: string, remote: string) {
  const { attempts } = context;
  const prefix = addressPrefix(remote);
  const ms = attempts.unknown.waitFor(prefix);
  if (ms > 0) throw tooSoon(ms);
  const instances = await context.store
    .selectFrom("instance")
    .select(["id", "name"])
    .where("enterprise_code", "=", code.toUpperCase())
    .orderBy("created_at")
    .execute();
  if (instances.length === 0) {
    attempts.unknown.fail(prefix);
    throw new Refusal("unknown_code", "There is no intranet with this enterprise code.");
  }
  return instances;
}

/** Finds the account and checks its password; answers and time are the same for names that do not exist. */
export async function authenticate(context: Context, credentials: Credentials) {
  const { store, attempts } = context;
  const { code, userName, password, deviceId, remote } = credentials;
  const prefix = addressPrefix(remote);
  const row = await store
    .selectFrom("account")
    .innerJoin("instance", "instance.id", "account.instance_id")
    .selectAll("account")
    .select([
      "instance.sign_in_seconds",
      "instance.locked",
      "instance.end_time",
      "instance.second_factor_required",
      "instance.name as instance_name",
    ])
    .where("instance.enterprise_code", "=", code.toUpperCase())
    .where("account.user_name", "=", userName)
    .executeTakeFirst();
  const known =
    row && deviceId !== ""
      ? await store
          .selectFrom("device")
          .select("id")
          .where("account_id", "=", row.id)
          .where("id", "=", deviceId)
          .executeTakeFirst()
      : undefined;
  // A device that has been in before has a count of its own: nobody else's failures lock it out.
  const key = row && known ? `device|${row.id}|${deviceId}` : `account|${code.toUpperCase()}|${userName}|${prefix}`;
  if (!known) await instancesOfCode(context, code, remote);
  const ms = attempts.account.waitFor(key);
  if (ms > 0) throw tooSoon(ms);
  attempts.account.fail(key);
  if (!row) attempts.unknown.fail(prefix);
  if (!(await verifyPassword(password, row?.password_hash)) || !row) {
    throw new Refusal("bad_credentials", "User name or password is wrong.");
  }
  attempts.account.forgive(key);
  requireOpen(row.locked === 1, row.end_time, context.clock.now());
  if (row.disabled === 1) throw new Refusal("account_disabled", "This account is disabled.");
  return { ...row, knownDevice: known ? deviceId : "" };
}

/** An account whose password was right, with what its instance says. `knownDevice` "" = it asks for the first time. */
export type Account = Awaited<ReturnType<typeof authenticate>>;
