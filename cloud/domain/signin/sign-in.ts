import { addressPrefix } from "../../security/address-prefix.ts";
import { hashPassword, verifyPassword } from "../../security/passwords.ts";
import { hashToken, type Secret } from "../../security/secret.ts";
import { invalid, Refusal } from "../cause.ts";
import type { Context } from "../context.ts";
import { newHexId } from "../ids.ts";
import { requirePassword } from "../limits/account.ts";
import { endSignIns, type Tokens } from "./refresh.ts";
import { loadSignIn, requireOpen, type SignInState } from "./state.ts";

export interface Credentials {
  code: string;
  userName: string;
  password: Secret;
  /** "" = none given. */
  deviceId: string;
  /** Address the request came from. */
  remote: string;
}

export interface DeviceDescription {
  id: string;
  name: string;
  platform: string;
}

const wait = (retryAfterMs: number) =>
  new Refusal("too_many_attempts", "Too many attempts have failed.", { retryAfterMs });

/** The instances of a code, for Discover and SignIn; refuses an unknown one, and those who keep guessing. */
export async function instancesOfCode(context: Context, code: string, remote: string) {
  const { attempts } = context;
  const prefix = addressPrefix(remote);
  const ms = attempts.unknown.waitFor(prefix);
  if (ms > 0) throw wait(ms);
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
async function authenticate(context: Context, credentials: Credentials) {
  const { store, attempts } = context;
  const { code, userName, password, deviceId, remote } = credentials;
  const prefix = addressPrefix(remote);
  const row = await store
    .selectFrom("account")
    .innerJoin("instance", "instance.id", "account.instance_id")
    .selectAll("account")
    .select(["instance.sign_in_seconds", "instance.locked", "instance.end_time"])
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
  if (ms > 0) throw wait(ms);
  attempts.account.fail(key);
  if (!row) attempts.unknown.fail(prefix);
  if (!(await verifyPassword(password, row?.password_hash)) || !row) {
    throw new Refusal("bad_credentials", "User name or password is wrong.");
  }
  attempts.account.forgive(key);
  requireOpen(row.locked === 1, row.end_time, context.clock.now());
  if (row.disabled === 1) throw new Refusal("account_disabled", "This account is disabled.");
  return row;
}

export async function signIn(
  context: Context,
  credentials: Credentials,
  device: DeviceDescription,
): Promise<{ signIn: SignInState; tokens: Tokens }> {
  const { store, clock, mint } = context;
  const account = await authenticate(context, credentials);
  if (account.must_change === 1) {
    throw new Refusal("password_change_required", "A new password has to be chosen first.");
  }
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
export async function changePassword(context: Context, credentials: Credentials, next: Secret): Promise<void> {
  const { store } = context;
  const account = await authenticate(context, credentials);
  requirePassword(next.reveal());
  if (next.reveal() === credentials.password.reveal()) {
    throw invalid("new_password", "The new password must be another one.");
  }
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
