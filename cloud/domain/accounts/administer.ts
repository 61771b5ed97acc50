import type { Kysely, Selectable } from "kysely";
import { Refusal } from "../../base/cause.ts";
import { newId } from "../../base/ids.ts";
import { overlaps } from "../../base/ip.ts";
import { hashPassword, makePassword } from "../../security/passwords.ts";
import type { Secret } from "../../security/secret.ts";
import type { AccountTable, Schema } from "../../store/schema.ts";
import type { Administration, Change } from "../change.ts";
import { noInstance, ownInstance } from "../instances/own.ts";
import { endAccountSessions } from "../instances/sessions.ts";
import { requireBandwidth, requireClientIp, requireMail, requirePassword, requireUserName } from "../limits/account.ts";
import { limitOf } from "../quotas/limits.ts";
import { broken, RuleBroken } from "../rules.ts";
import { blocks } from "../sessions/addresses.ts";
import type { Tenant } from "../tenants/tenants.ts";
import { requireFreeAddress, requireNoNamesake } from "./accounts.ts";

type Db = Kysely<Schema>;
export type AccountRow = Selectable<AccountTable>;

/** The product's code for each argument that the validators name. */
const codes: Record<string, string> = {
  user: "ClientUser.NameInvalid",
  mail: "ClientUser.EmailInvalid",
  password: "InvalidPassword",
  bandwidth: "ClientUser.BandwidthInvalid",
  "client-ip": "ClientUser.InvalidClientIp",
};

/** Runs a check of ours and words its refusal as the product does. */
async function inProductsWords<T>(check: () => T | Promise<T>): Promise<T> {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof Refusal) || error instanceof RuleBroken) throw error;
    const code = error.code === "address_in_use" ? "ClientUser.InvalidClientIp" : codes[error.details.field ?? ""];
    throw code ? broken(code, error.message) : error;
  }
}

export async function ownAccount(db: Db, instanceId: string, userName: string): Promise<AccountRow> {
  const row = await db
    .selectFrom("account")
    .selectAll()
    .where("instance_id", "=", instanceId)
    .where("user_name", "=", userName)
    .executeTakeFirst();
  if (!row) throw broken("ClientUser.NameInvalid", `The instance has no client account ${userName}.`);
  return row;
}

export interface NewAccount {
  instanceId: string;
  region: string;
  mail: string;
  userName: string | undefined;
  password: Secret | undefined;
  clientIp: string | undefined;
  /** Kbit/s; 0 = uncapped, which only sagctl may say. */
  bandwidth: number;
}

/** Name and password go together: neither means that the mail address is the name, and a password is made. */
export async function addAccount(
  by: Administration,
  tenant: Tenant,
  wanted: NewAccount,
  allowUncapped: boolean,
): Promise<{ account: AccountRow; password: Secret }> {
  const { mail } = wanted;
  await inProductsWords(() => requireMail(mail));
  if ((wanted.userName === undefined) !== (wanted.password === undefined)) {
    throw wanted.userName === undefined
      ? broken("ClientUser.NameEmpty", "UserName and Password are given together, or neither.")
      : broken("MissingPassword", "UserName and Password are given together, or neither.");
  }
  const userName = wanted.userName ?? mail;
  await inProductsWords(() => requireUserName(userName));
  const password = wanted.password ?? makePassword();
  await inProductsWords(() => requirePassword(password.reveal()));
  // Before the costly hash, and again within the change, where it counts.
  await ownInstance(by.context.store, tenant, wanted.instanceId, wanted.region);
  const hash = await hashPassword(password);
  const account = await by.change(async (change) => {
    const { tx, now } = change;
    const instance = await ownInstance(tx, tenant, wanted.instanceId, wanted.region);
    await requireBandwidthOf(tx, tenant, wanted.bandwidth, allowUncapped);
    const row: AccountRow = {
      id: newId("acc"),
      instance_id: instance.id,
      user_name: userName,
      mail,
      password_hash: hash,
      must_change: 0,
      disabled: 0,
      bandwidth: wanted.bandwidth,
      client_ip: wanted.clientIp ?? null,
      created_at: now,
      accelerate_bandwidth: 0,
      roamed_from: null,
    };
    await requireRoom(tx, instance, row);
    await tx.insertInto("account").values(row).execute();
    await change.audit(row.id, null, auditedAccount(row));
    return row;
  });
  return { account, password };
}

const auditedAccount = ({ user_name, mail, bandwidth, client_ip, roamed_from, disabled }: AccountRow) => ({
  userName: user_name,
  mail,
  bandwidth,
  clientIp: client_ip,
  roamedFrom: roamed_from,
  disabled: disabled === 1,
});

export async function requireBandwidthOf(
  db: Db,
  tenant: Tenant,
  bandwidth: number,
  allowUncapped: boolean,
): Promise<void> {
  const limit = await limitOf(db, tenant.id, "bandwidth-per-user");
  if (bandwidth === 0 && !allowUncapped) {
    throw broken("ClientUser.BandwidthInvalid", `A bandwidth is 1 to ${limit} Kbit/s.`);
  }
  await inProductsWords(() => requireBandwidth(bandwidth, limit));
}

/** That a new account of this name and address fits into the instance. */
async function requireRoom(db: Db, instance: { id: string; user_count: number }, row: AccountRow): Promise<void> {
  const { count } = await db
    .selectFrom("account")
    .select((e) => e.fn.countAll<number>().as("count"))
    .where("instance_id", "=", instance.id)
    .executeTakeFirstOrThrow();
  if (count >= instance.user_count) {
    throw broken("ClientUser.UserOverLimit", `The instance was bought for ${instance.user_count} client accounts.`);
  }
  await requireNoNamesake(db, instance.id, row.user_name, {
    here: () => broken("ClientUser.UserExist", `The client account ${row.user_name} exists already.`),
    elsewhere: () =>
      broken(
        "EnterpriseCode.UserNameConflict",
        `${row.user_name} exists in another instance of the same enterprise code.`,
      ),
  });
  const ip = row.client_ip;
  if (ip === null) return;
  const cidrs = await db.selectFrom("instance_cidr").select("cidr").where("instance_id", "=", instance.id).execute();
  if (cidrs.length === 0)
    throw broken("SAG.CidrEmpty", "The instance has no private CIDR block to take a fixed address from.");
  await inProductsWords(async () => {
    requireClientIp(ip, blocks(cidrs.map((cidr) => cidr.cidr)));
    await requireFreeAddress(db, instance.id, ip);
  });
}

export async function modifyAccount(
  change: Change,
  tenant: Tenant,
  row: AccountRow,
  wanted: { bandwidth?: number | undefined; mail?: string | undefined },
  allowUncapped: boolean,
): Promise<AccountRow> {
  const { mail, bandwidth } = wanted;
  if (mail !== undefined) await inProductsWords(() => requireMail(mail));
  if (bandwidth !== undefined) await requireBandwidthOf(change.tx, tenant, bandwidth, allowUncapped);
  const after = { ...row, mail: mail ?? row.mail, bandwidth: bandwidth ?? row.bandwidth };
  await change.tx
    .updateTable("account")
    .set({ mail: after.mail, bandwidth: after.bandwidth })
    .where("id", "=", row.id)
    .execute();
  await change.audit(row.id, auditedAccount(row), auditedAccount(after));
  change.after(async () => recap(change, row.id, after.bandwidth));
  return after;
}

/** Tells access points of a new bandwidth for sessions that are running. */
async function recap(change: Change, accountId: string, bandwidth: number): Promise<void> {
  const { store, board } = change.context;
  const sessions = store.selectFrom("session").select("id").where("account_id", "=", accountId);
  const peers = (await sessions.where("ended_at", "is", null).execute()).flatMap(({ id }) => board.get(id) ?? []);
  const changed = peers.map((peer) => ({ peer: { ...peer, bandwidth: bandwidth * 1_000 }, newKey: false }));
  if (changed.length > 0) board.change([], changed);
}

export async function setAccountDisabled(change: Change, row: AccountRow, disabled: boolean): Promise<void> {
  await change.tx
    .updateTable("account")
    .set({ disabled: Number(disabled) })
    .where("id", "=", row.id)
    .execute();
  if (disabled) await endAccountSessions(change, row.id, "account_disabled", "");
  await change.audit(row.id, { disabled: row.disabled === 1 }, { disabled });
}

/** Also one that has used data this month: the product forbids it, we keep the accounting without the account. */
export async function removeAccount(change: Change, row: AccountRow): Promise<void> {
  await endAccountSessions(change, row.id, "account_disabled", "This account was deleted.");
  await change.tx.deleteFrom("account").where("id", "=", row.id).execute();
  await change.audit(row.id, auditedAccount(row), null);
}

/** A new password ends all sign-ins of the account. Returns it, as one may have been made. */
export async function setAccountPassword(
  by: Administration,
  tenant: Tenant,
  wanted: { instanceId: string; region: string; userName: string; password: Secret | undefined },
): Promise<Secret> {
  const password = wanted.password ?? makePassword();
  await inProductsWords(() => requirePassword(password.reveal()));
  const found = await ownInstance(by.context.store, tenant, wanted.instanceId, wanted.region);
  await ownAccount(by.context.store, found.id, wanted.userName);
  const hash = await hashPassword(password);
  await by.change(async (change) => {
    const { tx, now } = change;
    const row = await ownAccount(tx, found.id, wanted.userName);
    await tx.updateTable("account").set({ password_hash: hash }).where("id", "=", row.id).execute();
    await tx
      .updateTable("sign_in")
      .set({ ended_at: now })
      .where("account_id", "=", row.id)
      .where("ended_at", "is", null)
      .execute();
    await endAccountSessions(change, row.id, "sign_in_expired", "The password was reset.");
    await change.audit(row.id, null, { password: "reset" });
  });
  return password;
}

/** Copies an account to an instance of another area, so that its owner dials there and still reaches home. */
export async function roamAccount(
  change: Change,
  tenant: Tenant,
  wanted: { originId: string; originRegion: string; targetId: string; targetRegion: string; userName: string },
  shareArea: (a: string, b: string) => boolean,
): Promise<void> {
  const { tx, now } = change;
  const origin = await ownInstance(tx, tenant, wanted.originId, wanted.originRegion);
  const target = await ownInstance(tx, tenant, wanted.targetId, wanted.targetRegion);
  if (origin.id === target.id) throw noInstance(target.id);
  const account = await ownAccount(tx, origin.id, wanted.userName);
  if (shareArea(origin.region, target.region)) {
    throw broken(
      "ClientUser.NotSupportAction",
      "An account roams to an instance of another area; these two share one.",
    );
  }
  const clash = await overlapOf(tx, origin.id, target.id);
  if (clash) throw broken("SAG.CidrOverlap", `The instances' private blocks overlap: ${clash}.`);
  const copy: AccountRow = {
    ...account,
    id: newId("acc"),
    instance_id: target.id,
    client_ip: null,
    created_at: now,
    roamed_from: origin.id,
  };
  const sameCode = origin.enterprise_code === target.enterprise_code;
  if (sameCode) {
    throw broken(
      "EnterpriseCode.UserNameConflict",
      "Both instances have one enterprise code: code and user name would mean two accounts.",
    );
  }
  await requireRoom(tx, target, copy);
  await tx.insertInto("account").values(copy).execute();
  // The same person with the same authenticator: elsewhere must not be the easier way in.
  const factor = await tx
    .selectFrom("second_factor")
    .selectAll()
    .where("account_id", "=", account.id)
    .executeTakeFirst();
  if (factor)
    await tx
      .insertInto("second_factor")
      .values({ ...factor, account_id: copy.id })
      .execute();
  await change.audit(copy.id, null, auditedAccount(copy));
}

async function overlapOf(db: Db, a: string, b: string): Promise<string | undefined> {
  const rows = await db
    .selectFrom("instance_cidr")
    .select(["instance_id", "cidr"])
    .where("instance_id", "in", [a, b])
    .execute();
  const of = (id: string) => rows.filter((row) => row.instance_id === id).map((row) => row.cidr);
  const theirs = of(b);
  return of(a).find((text) => blocks([text]).some((x) => blocks(theirs).some((y) => overlaps(x, y))));
}
