import type { Kysely } from "kysely";
import { Refusal } from "../../base/cause.ts";
import { newId } from "../../base/ids.ts";
import { hashPassword } from "../../security/passwords.ts";
import type { Secret } from "../../security/secret.ts";
import type { Schema } from "../../store/schema.ts";
import { unnoted } from "../audit.ts";
import type { Context } from "../context.ts";
import {
  defaultBandwidth,
  requireBandwidth,
  requireClientIp,
  requireMail,
  requirePassword,
  requireUserName,
} from "../limits/account.ts";
import { blocks } from "../sessions/addresses.ts";
import { endNow, runningSessions } from "../sessions/ending.ts";
import { hasSecondFactor } from "../signin/second-factor.ts";
import { endOtherSignIns } from "../signin/sign-in.ts";

/** A client account as administrators see it. */
export interface AccountView {
  id: string;
  instanceId: string;
  userName: string;
  mail: string;
  disabled: boolean;
  mustChange: boolean;
  secondFactor: boolean;
  /** Kbit/s; 0 = uncapped. */
  bandwidth: number;
  /** Fixed address; null = dynamic. */
  clientIp: string | null;
  sessions: number;
  /** Bytes since it was made. */
  rxBytes: number;
  txBytes: number;
}

export interface AccountWish {
  userName: string;
  mail: string;
  password: Secret;
  bandwidth?: number | undefined;
  clientIp?: string | undefined;
  mustChange: boolean;
}

export async function findAccount(db: Kysely<Schema>, instanceId: string, user: string): Promise<string> {
  const row = await db
    .selectFrom("account")
    .select("id")
    .where("instance_id", "=", instanceId)
    .where((e) => e.or([e("user_name", "=", user), e("id", "=", user)]))
    .executeTakeFirst();
  if (!row) throw new Refusal("not_found", `There is no account ${user} in this instance.`);
  return row.id;
}

export async function showAccount(db: Kysely<Schema>, id: string): Promise<AccountView> {
  const row = await db.selectFrom("account").selectAll().where("id", "=", id).executeTakeFirst();
  if (!row) throw new Refusal("not_found", `There is no account ${id}.`);
  const traffic = await db
    .selectFrom("traffic_day")
    .select((e) => [e.fn.sum<number | null>("rx_bytes").as("rx"), e.fn.sum<number | null>("tx_bytes").as("tx")])
    .where("account_id", "=", id)
    .executeTakeFirst();
  return {
    id,
    instanceId: row.instance_id,
    userName: row.user_name,
    mail: row.mail,
    disabled: row.disabled === 1,
    mustChange: row.must_change === 1,
    secondFactor: await hasSecondFactor(db, id),
    bandwidth: row.bandwidth,
    clientIp: row.client_ip,
    sessions: (await runningSessions(db, { accountId: id })).length,
    rxBytes: Number(traffic?.rx ?? 0),
    txBytes: Number(traffic?.tx ?? 0),
  };
}

export async function listAccounts(db: Kysely<Schema>, instanceId: string): Promise<AccountView[]> {
  const rows = await db
    .selectFrom("account")
    .select("id")
    .where("instance_id", "=", instanceId)
    .orderBy("user_name")
    .execute();
  return Promise.all(rows.map((row) => showAccount(db, row.id)));
}

export async function createAccount(
  context: Context,
  instanceId: string,
  wish: AccountWish,
  note: (tx: Kysely<Schema>, made: AccountView) => Promise<void> = unnoted,
): Promise<AccountView> {
  const values = {
    id: newId("acc"),
    instance_id: instanceId,
    user_name: requireUserName(wish.userName),
    mail: requireMail(wish.mail),
    password_hash: await hashPassword(checked(wish.password)),
    must_change: Number(wish.mustChange),
    disabled: 0,
    bandwidth: requireBandwidth(wish.bandwidth ?? defaultBandwidth),
    client_ip: wish.clientIp ?? null,
    created_at: context.clock.now(),
  };
  return context.store.transaction().execute(async (tx) => {
    const cidrs = await tx.selectFrom("instance_cidr").select("cidr").where("instance_id", "=", instanceId).execute();
    if (values.client_ip !== null) {
      requireClientIp(values.client_ip, blocks(cidrs.map((row) => row.cidr)));
      await requireFreeAddress(tx, instanceId, values.client_ip);
    }
    await requireNoNamesake(tx, instanceId, values.user_name, {
      here: () => new Refusal("already_exists", `There is an account ${values.user_name} in this instance.`),
      elsewhere: () =>
        new Refusal(
          "already_exists",
          `There is an account ${values.user_name} in another instance of this enterprise code.`,
        ),
    });
    await tx.insertInto("account").values(values).execute();
    const made = await showAccount(tx, values.id);
    await note(tx, made);
    return made;
  });
}

/** A code may span instances; SignIn(code, user) has to mean one account. */
export async function requireNoNamesake(
  db: Kysely<Schema>,
  instanceId: string,
  userName: string,
  refusals: { here(): Refusal; elsewhere(): Refusal },
): Promise<void> {
  const namesake = await db
    .selectFrom("account")
    .innerJoin("instance as theirs", "theirs.id", "account.instance_id")
    .innerJoin("instance as ours", "ours.enterprise_code", "theirs.enterprise_code")
    .select("account.instance_id")
    .where("ours.id", "=", instanceId)
    .where("account.user_name", "=", userName)
    .executeTakeFirst();
  if (namesake) throw namesake.instance_id === instanceId ? refusals.here() : refusals.elsewhere();
}

function checked(password: Secret): Secret {
  requirePassword(password.reveal());
  return password;
}

export async function requireFreeAddress(db: Kysely<Schema>, instanceId: string, ip: string): Promise<void> {
  const owner = await db
    .selectFrom("account")
    .innerJoin("instance as theirs", "theirs.id", "account.instance_id")
    .innerJoin("instance as ours", "ours.ccn_id", "theirs.ccn_id")
    .select("account.user_name")
    .where("ours.id", "=", instanceId)
    .where("account.client_ip", "=", ip)
    .executeTakeFirst();
  if (owner) throw new Refusal("address_in_use", `${ip} is the fixed address of ${owner.user_name}.`);
  const session = await db
    .selectFrom("session")
    .innerJoin("instance", "instance.ccn_id", "session.ccn_id")
    .select("session.id")
    .where("instance.id", "=", instanceId)
    .where("session.client_ip", "=", ip)
    .where("session.ended_at", "is", null)
    .executeTakeFirst();
  if (session) throw new Refusal("address_in_use", `${ip} is in use by a running session.`);
}

export async function setDisabled(
  context: Context,
  id: string,
  disabled: boolean,
  note = unnoted,
): Promise<AccountView> {
  const { store } = context;
  await store.transaction().execute(async (tx) => {
    await tx
      .updateTable("account")
      .set({ disabled: Number(disabled) })
      .where("id", "=", id)
      .execute();
    await note(tx);
  });
  if (disabled) {
    await endNow(context, await runningSessions(store, { accountId: id }), { cause: "account_disabled", text: "" });
  }
  return showAccount(store, id);
}

/** Ends all sessions of the account; its owner reads the reason and may dial again. Returns how many there were. */
export async function kick(
  context: Context,
  id: string,
  reason: string,
  note: (tx: Kysely<Schema>, ended: number) => Promise<void> = unnoted,
): Promise<number> {
  const running = await runningSessions(context.store, { accountId: id });
  return endNow(context, running, { cause: "kicked", text: reason }, note);
}

export async function resetPassword(
  context: Context,
  id: string,
  password: Secret,
  mustChange: boolean,
  note = unnoted,
): Promise<AccountView> {
  const { store } = context;
  const password_hash = await hashPassword(checked(password));
  await store.transaction().execute(async (tx) => {
    await tx
      .updateTable("account")
      .set({ password_hash, must_change: Number(mustChange) })
      .where("id", "=", id)
      .execute();
    await note(tx);
  });
  await endOtherSignIns(context, id, "");
  return showAccount(store, id);
}

/** The account goes, its traffic records stay. */
export async function deleteAccount(context: Context, id: string, note = unnoted): Promise<void> {
  const { store } = context;
  await endNow(context, await runningSessions(store, { accountId: id }), {
    cause: "account_disabled",
    text: "This account was deleted.",
  });
  await store.transaction().execute(async (tx) => {
    await tx.deleteFrom("account").where("id", "=", id).execute();
    await note(tx);
  });
}
