import { z } from "zod";
import { type AccountView, auditedAccount, findAccount, listAccounts, viewOf } from "../../domain/accounts/accounts.ts";
import {
  dropSecondFactor,
  kick,
  removeAccount,
  resetPassword,
  setAccount,
  setDisabled,
} from "../../domain/accounts/change.ts";
import { createAccount, passwordFrom, prepareAccount, roamAccount } from "../../domain/accounts/create.ts";
import { type Credentials, mailCredentials } from "../../domain/accounts/credentials.ts";
import { importAccounts, prepareImport } from "../../domain/accounts/import.ts";
import { requireBan } from "../../domain/limits/policy.ts";
import { textRules } from "../../domain/limits/text.ts";
import { violation } from "../../domain/rules.ts";
import { hashPassword } from "../../security/passwords.ts";
import type { Secret } from "../../security/secret.ts";
import { accountPage } from "../../store/queries/listings/people.ts";
import { type AnyCommand, type Changing, changing, type Reading, reading } from "../command.ts";
import { enrolmentLink } from "../enrolment-link.ts";
import { Undone } from "../run.ts";
import { type InstanceRef, instanceRef, textOf, theInstance } from "./common.ts";
import { paged, readerOf, wishOf } from "./pages.ts";

const one = { instance: instanceRef.optional(), user: z.string().max(64) };
const wish = {
  mail: z.string(),
  password: z.string().optional(),
  bandwidth: z.number().optional(),
  clientIp: z.string().optional(),
};

/** Whether to mail the credentials to the account's owner; default: yes. */
const mailed = { tell: z.boolean().optional() };

interface Ref {
  instance?: InstanceRef | undefined;
  user: string;
}

async function found(at: Pick<Reading, "db" | "caller">, p: Ref) {
  const instance = await theInstance(at, p.instance);
  return { instance, account: await findAccount(at.db, instance.id, p.user) };
}

/** Mails credentials of accounts of one instance. */
const tell = (
  change: Changing,
  instance: Credentials["instance"],
  all: readonly Omit<Credentials, "instance" | "link">[],
) => {
  const { link } = enrolmentLink(change.server, instance.enterpriseCode);
  return mailCredentials(
    change,
    all.map((one) => ({ ...one, instance, link })),
  );
};

/** Adds the password only if the server generated it: this is the one time it is shown. */
const shown = (view: AccountView, made: Secret | undefined): AccountView & { password?: string } =>
  made === undefined ? view : { ...view, password: made.reveal() };

/** A page of an instance's accounts, for the published API. */
export const accountSearch = reading({
  name: "account search",
  access: "accounts-read",
  input: z.strictObject({
    instance: instanceRef.optional(),
    userName: z.string().max(64).optional(),
    mail: z.string().max(64).optional(),
    ...paged,
  }),
  async read(at, { instance: ref, page: wish, ...filter }) {
    const instance = await theInstance(at, ref);
    const page = await accountPage(at.db, readerOf(at), instance.id, filter, wishOf(wish));
    const rows = page.rows.map((row) => ({
      userName: row.userName,
      mail: row.mail,
      bandwidth: row.bandwidth,
      clientIp: row.clientIp,
      disabled: row.disabled === 1,
      accelerateBandwidth: row.accelerateBandwidth,
    }));
    return { ...page, rows };
  },
});

export const accountCreate = changing({
  name: "account create",
  access: "accounts",
  input: z.strictObject({ ...one, ...wish, user: one.user.optional(), mustChange: z.boolean().optional(), ...mailed }),
  async prepare(at, { instance, tell: _, ...account }) {
    // Refuses an unknown instance before the expensive hash. `handle` checks it again within the transaction.
    await theInstance(at, instance);
    return prepareAccount(account);
  },
  async handle(change, p, prepared) {
    const instance = await theInstance(change, p.instance);
    const row = await createAccount(change, instance, prepared, change.caller.operator);
    await change.audit(row.id, null, auditedAccount(row));
    if (p.tell !== false) await tell(change, instance, [{ account: row, event: "made", made: prepared.made }]);
    return shown(await viewOf(change.tx, row), prepared.made);
  },
});

export const accountImport = changing({
  name: "account import",
  access: "accounts",
  input: z.strictObject({
    instance: one.instance,
    dryRun: z.boolean(),
    rows: z.array(z.strictObject({ ...wish, line: z.number(), user: z.string() })).max(2_000),
  }),
  async prepare(at, p) {
    return prepareImport(at.db, await theInstance(at, p.instance), p.dryRun, p.rows, at.gone);
  },
  async handle(change, { instance: ref, dryRun, rows }, prepared) {
    const instance = await theInstance(change, ref);
    const options = { dryRun, uncapped: change.caller.operator };
    const { complete, results, made } = await importAccounts(change, instance, options, rows, prepared);
    // The generated passwords are only in the answer, so without a reader nothing is created.
    if (!complete || change.gone?.aborted) throw new Undone(results);
    await tell(
      change,
      instance,
      made.map((one) => ({ ...one, event: "made" as const })),
    );
    return results;
  },
});

export const accountList = reading({
  name: "account list",
  access: "accounts-read",
  input: z.strictObject({ instance: one.instance }),
  read: async (at, p) => listAccounts(at.db, (await theInstance(at, p.instance)).id),
});

export const accountShow = reading({
  name: "account show",
  access: "accounts-read",
  input: z.strictObject(one),
  read: async (at, p) => viewOf(at.db, (await found(at, p)).account),
});

export const accountSet = changing({
  name: "account set",
  access: "accounts",
  input: z.strictObject({
    ...one,
    bandwidth: z.number().optional(),
    mail: z.string().optional(),
    clientIp: z.string().optional(),
  }),
  async handle(change, { instance: _, user: __, ...wanted }) {
    const { instance, account } = await found(change, { instance: _, user: __ });
    const after = await setAccount(change, instance, account, wanted, change.caller.operator);
    await change.audit(account.id, auditedAccount(account), auditedAccount(after));
    return viewOf(change.tx, after);
  },
});

export const accountAccelerate = changing({
  name: "account accelerate",
  access: "accounts",
  input: z.strictObject({ ...one, bandwidth: z.number(), dryRun: z.boolean().optional() }),
  async handle(change, p) {
    const { instance, account } = await found(change, p);
    const wanted = { accelerateBandwidth: p.bandwidth };
    const after = await setAccount(change, instance, account, wanted, false);
    if (p.dryRun) throw violation("dry-run");
    await change.audit(account.id, auditedAccount(account), auditedAccount(after));
    return viewOf(change.tx, after);
  },
});

const switching = (name: string, disabled: boolean) =>
  changing({
    name,
    access: "accounts",
    input: z.strictObject(one),
    async handle(change, p) {
      const { account } = await found(change, p);
      const after = await setDisabled(change, account, disabled);
      await change.audit(account.id, auditedAccount(account), auditedAccount(after));
      return viewOf(change.tx, after);
    },
  });

export const accountDisable = switching("account disable", true);
export const accountEnable = switching("account enable", false);

export const accountKick = changing({
  name: "account kick",
  access: "accounts",
  input: z.strictObject({ ...one, reason: textOf(textRules.reason), banSeconds: z.int().optional() }),
  async handle(change, p) {
    const { reason } = p;
    const { account } = await found(change, p);
    const until = p.banSeconds === undefined ? undefined : change.now + requireBan(p.banSeconds) * 1_000;
    const ended = await kick(change, account, reason, until);
    const ban = until === undefined ? {} : { bannedUntil: new Date(until).toISOString() };
    await change.audit(account.id, null, { userName: account.userName, reason, ...ban, ended });
    return { user: p.user, ended, bannedUntil: until ?? null };
  },
});

export const accountResetPassword = changing({
  name: "account reset-password",
  access: "accounts",
  input: z.strictObject({ ...one, password: z.string().optional(), mustChange: z.boolean().optional() }),
  async prepare(at, p) {
    const { password, made } = passwordFrom(p.password);
    await found(at, p);
    return { hash: await hashPassword(password), made };
  },
  async handle(change, p, { hash, made }) {
    const { instance, account } = await found(change, p);
    const after = await resetPassword(change, account, hash, p.mustChange);
    await change.audit(account.id, auditedAccount(account), auditedAccount(after));
    await tell(change, instance, [{ account: after, event: "reset", made }]);
    return shown(await viewOf(change.tx, after), made);
  },
});

export const accountRemoveSecondFactor = changing({
  name: "account remove-second-factor",
  access: "accounts",
  input: z.strictObject(one),
  async handle(change, p) {
    const { account } = await found(change, p);
    const before = await viewOf(change.tx, account);
    await dropSecondFactor(change, account);
    const after = await viewOf(change.tx, account);
    await change.audit(account.id, before, after);
    return after;
  },
});

export const accountDelete = changing({
  name: "account delete",
  access: "accounts",
  input: z.strictObject(one),
  async handle(change, p) {
    const { account } = await found(change, p);
    await removeAccount(change, account);
    await change.audit(account.id, auditedAccount(account), null);
    return { deleted: account.id };
  },
});

export const accountRoam = changing({
  name: "account roam",
  access: "accounts",
  input: z.strictObject({ ...one, target: instanceRef }),
  async handle(change, p) {
    const origin = await theInstance(change, p.instance);
    const target = await theInstance(change, p.target);
    const account = await findAccount(change.tx, origin.id, p.user);
    const copy = await roamAccount(change, account, origin, target);
    await change.audit(copy.id, null, auditedAccount(copy));
    await tell(change, target, [{ account: copy, event: "roamed", made: undefined }]);
    return viewOf(change.tx, copy);
  },
});

export const accountCommands: readonly AnyCommand[] = [
  accountSearch,
  accountCreate,
  accountImport,
  accountList,
  accountShow,
  accountSet,
  accountAccelerate,
  accountDisable,
  accountEnable,
  accountKick,
  accountResetPassword,
  accountRemoveSecondFactor,
  accountDelete,
  accountRoam,
];
