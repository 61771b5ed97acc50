import { typedName } from "../../../common/user-name.ts";
import { newId } from "../../base/ids.ts";
import { overlaps } from "../../base/ip.ts";
import { hashPassword, makePassword } from "../../security/passwords.ts";
import { Secret } from "../../security/secret.ts";
import type { Db } from "../../store/db.ts";
import { nameKey } from "../../store/names.ts";
import { copySecondFactor, insertAccount } from "../../store/queries/accounts.ts";
import { cidrsOfInstance } from "../../store/queries/instances.ts";
import type { Account, Instance } from "../../store/shapes.ts";
import { shareCcnArea } from "../areas/regions.ts";
import type { Change } from "../change.ts";
import { defaultBandwidth, requireMail, requirePassword, requireUserName, userNameForm } from "../limits/account.ts";
import { limitOf } from "../quotas/limits.ts";
import { violation } from "../rules.ts";
import { blocks } from "../sessions/addresses.ts";
import { requireBandwidthIn, requireRoom } from "./room.ts";

export interface AccountWish {
  /** undefined = the mail address is the user name. */
  user?: string | undefined;
  mail: string;
  /** undefined = one is generated. */
  password?: string | undefined;
  /** Kbit/s; undefined = the default. */
  bandwidth?: number | undefined;
  clientIp?: string | undefined;
  mustChange?: boolean | undefined;
}

/**
 * A checked account with its password hashed, which is slow and therefore done before the transaction. Rules that depend on other
 * accounts are checked later.
 */
export interface PreparedAccount {
  wish: AccountWish;
  userName: string;
  hash: string;
  /** Generated password, shown only once. */
  made: Secret | undefined;
}

export async function prepareAccount(wish: AccountWish): Promise<PreparedAccount> {
  return hashed(checkAccount(wish));
}

/** An account whose own values are valid. */
export type CheckedAccount = Omit<PreparedAccount, "hash"> & { password: Secret };

/** Checks what does not depend on other accounts. */
export function checkAccount(wish: AccountWish): CheckedAccount {
  requireMail(wish.mail);
  const userName = typedName(wish.user ?? wish.mail);
  if (wish.user === undefined && !userNameForm.test(userName)) throw violation("mail-as-user-name");
  requireUserName(userName);
  return { wish, userName, ...passwordFrom(wish.password) };
}

export async function hashed({ password, ...account }: CheckedAccount): Promise<PreparedAccount> {
  return { ...account, hash: await hashPassword(password) };
}

/** Checks the given password, or generates one. */
export function passwordFrom(given: string | undefined): { password: Secret; made: Secret | undefined } {
  if (given === undefined) {
    const made = makePassword();
    return { password: made, made };
  }
  requirePassword(given);
  return { password: new Secret(given), made: undefined };
}

export async function createAccount(
  change: Change,
  instance: Instance,
  { wish, userName, hash }: PreparedAccount,
  uncapped: boolean,
): Promise<Account> {
  const { tx, now } = change;
  const usual = async () => Math.min(defaultBandwidth, await limitOf(tx, instance.tenantId, "bandwidth-per-user"));
  const row: Account = {
    id: newId("acc"),
    instanceId: instance.id,
    userName,
    nameKey: nameKey(userName),
    mail: wish.mail,
    passwordHash: hash,
    mustChange: Number(wish.mustChange === true),
    disabled: 0,
    bandwidth: await requireBandwidthIn(tx, instance, wish.bandwidth ?? (await usual()), uncapped),
    clientIp: wish.clientIp ?? null,
    createdAt: now,
    accelerateBandwidth: 0,
    roamedFrom: null,
    aclId: null,
    bannedUntil: null,
    banReason: "",
  };
  await requireRoom(tx, instance, row);
  await insertAccount(tx, row);
  return row;
}

/** Copies an account to an instance in another area, so that its owner can dial there and still reach the home networks. */
export async function roamAccount(
  change: Change,
  account: Account,
  origin: Instance,
  target: Instance,
): Promise<Account> {
  const { tx, now } = change;
  if (origin.id === target.id) throw violation("roams-to-itself", { instance: target.id });
  if (shareCcnArea(origin.region, target.region)) throw violation("roams-within-area");
  const cidr = await overlapOf(tx, origin.id, target.id);
  if (cidr !== undefined) throw violation("roaming-overlap", { cidr });
  if (origin.enterpriseCode === target.enterpriseCode) throw violation("roams-within-code");
  const copy: Account = {
    ...account,
    id: newId("acc"),
    instanceId: target.id,
    nameKey: nameKey(account.userName),
    clientIp: null,
    createdAt: now,
    roamedFrom: origin.id,
    aclId: null, // an ACL belongs to a region
  };
  await requireRoom(tx, target, copy);
  await insertAccount(tx, copy);
  // Copy the second factor, so that the copy cannot be used without it.
  await copySecondFactor(tx, account.id, copy.id);
  return copy;
}

async function overlapOf(db: Db, a: string, b: string): Promise<string | undefined> {
  const theirs = blocks(await cidrsOfInstance(db, b));
  return (await cidrsOfInstance(db, a)).find((text) => blocks([text]).some((x) => theirs.some((y) => overlaps(x, y))));
}
