import { Refusal } from "../../base/cause.ts";
import { say } from "../../base/say.ts";
import { type Source, sourceOf } from "../../security/address-prefix.ts";
import { verifyPassword } from "../../security/passwords.ts";
import type { Secret } from "../../security/secret.ts";
import type { Tx } from "../../store/db.ts";
import { nameKey } from "../../store/names.ts";
import { instancesWithCode } from "../../store/queries/codes.ts";
import { isKnownDevice } from "../../store/queries/devices.ts";
import { type AccountOfCode, accountToSignIn, accountUnderCode } from "../../store/queries/sign-ins.ts";
import { reserveAll } from "../../store/shared/attempts.ts";
import type { Reservation } from "../attempts.ts";
import type { Context } from "../context.ts";
import { requireNotBanned, requireOpen } from "./state.ts";

export interface Credentials {
  code: string;
  userName: string;
  password: Secret;
  /** "" = not given. */
  deviceId: string;
  /** Address the request came from. */
  remote: string;
}

export const tooSoon = (retryAfterMs: number) =>
  new Refusal("too_many_attempts", say("attempts_failed"), { retryAfterMs });

/** The instances of an enterprise code, for Discover and SignIn. Refuses an unknown code, and rate-limits sources that guess codes. */
export async function instancesOfCode(context: Context, code: string, remote: string) {
  const { attempts } = context;
  const source = sourceOf(remote);
  const claimed = attempts.code.of(source);
  const ms = await claimed.waitFor();
  if (ms > 0) throw tooSoon(ms);
  const instances = await instancesWithCode(context.store, code.toUpperCase());
  if (instances.length === 0) {
    // Reserve before refusing, so that parallel requests cannot exceed the limit.
    const refused = await claimed.reserve();
    if (refused > 0) throw tooSoon(refused);
    throw new Refusal("unknown_code", say("code_unknown"));
  }
  return instances;
}

/**
 * Reserves a sign-in attempt before the password is checked. A device that has signed in before has its own counter, so that failures
 * elsewhere cannot lock it out. Other attempts count per source, both for this name and for all names. Names that do not exist are
 * counted alike, so that the counters do not reveal whether a name exists.
 */
async function reserveAttempt(
  { attempts }: Context,
  known: string | undefined,
  name: string,
  source: Source,
): Promise<Reservation> {
  if (known !== undefined) {
    const ms = await attempts.device.reserve(known);
    if (ms > 0) throw tooSoon(ms);
    return { release: () => attempts.device.release(known), cancel: () => attempts.device.cancel(known) };
  }
  const named = attempts.name.of(source, name);
  const any = attempts.anyName.of(source);
  const ms = await reserveAll(named, any);
  if (ms > 0) throw tooSoon(ms);
  return {
    async release() {
      await named.release();
      // Cancel instead of release: otherwise somebody who knows one password could reset the counter and guess others.
      await any.cancel();
    },
    async cancel() {
      await named.cancel();
      await any.cancel();
    },
  };
}

/** Finds the account and checks its password. Answer and timing are the same for names that do not exist. */
export async function authenticate(context: Context, credentials: Credentials) {
  const { store } = context;
  const { code, userName, password, deviceId, remote } = credentials;
  const row = await accountUnderCode(store, code.toUpperCase(), userName);
  const known = row !== undefined && deviceId !== "" && (await isKnownDevice(store, row.id, deviceId));
  if (!known) await instancesOfCode(context, code, remote);
  const device = row && known ? `${row.id}|${deviceId}` : undefined;
  const name = `${code.toUpperCase()}|${nameKey(userName)}`;
  const source = sourceOf(remote);
  const reserved = await reserveAttempt(context, device, name, source);
  let right: boolean;
  try {
    // Separate queues, as in reserveAttempt: attempts of others with this name must not delay a known device.
    const requester = { host: source.host, account: device ?? `${name}|${source.host}` };
    right = await verifyPassword(password, row?.passwordHash, requester);
  } catch (error) {
    await reserved.cancel();
    throw error;
  }
  if (!right || !row) throw badCredentials();
  await reserved.release();
  requireActive(row, context.clock.now());
  return { ...row, knownDevice: known ? deviceId : "" };
}

const badCredentials = () => new Refusal("bad_credentials", say("credentials_wrong"));

function requireActive(
  row: Pick<AccountOfCode, "locked" | "endTime" | "disabled" | "bannedUntil" | "banReason">,
  now: number,
): void {
  requireOpen(row.locked === 1, row.endTime, now);
  if (row.disabled === 1) throw new Refusal("account_disabled", say("account_disabled"));
  requireNotBanned(row, now);
}

/**
 * Call this in the transaction that acts on the result of `authenticate`: while the password was checked, it may have been reset, the
 * account disabled or the instance locked. Every password has its own salt, so an equal hash means the same password. Returns the
 * account as it is now; `now` is epoch ms.
 */
export async function requireUnchanged(tx: Tx, account: Account, now: number) {
  const row = await accountToSignIn(tx, account.id);
  if (row?.passwordHash !== account.passwordHash) throw badCredentials();
  requireActive(row, now);
  return row;
}

/**
 * An account with the settings of its instance, after its password was verified. `knownDevice` is "" for a device that has not signed
 * in before.
 */
export type Account = Awaited<ReturnType<typeof authenticate>>;
