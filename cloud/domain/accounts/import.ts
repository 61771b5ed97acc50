import { Refusal } from "../../base/cause.ts";
import type { Secret } from "../../security/secret.ts";
import type { Db } from "../../store/db.ts";
import { countAccounts, namesakeIn } from "../../store/queries/accounts.ts";
import type { Account, Instance } from "../../store/shapes.ts";
import type { Change } from "../change.ts";
import { auditedAccount } from "./accounts.ts";
import {
  type AccountWish,
  type CheckedAccount,
  checkAccount,
  createAccount,
  hashed,
  type PreparedAccount,
} from "./create.ts";

/** An account to import; `line` is its line in the file. */
export interface ImportWish extends AccountWish {
  line: number;
  user: string;
}

/** Result of an imported line. */
export interface Imported {
  line: number;
  user: string;
  result: string;
  /** The generated password, shown only once; "" = it was given, or no account was created. */
  password: string;
}

/** The accounts of an import, or why one is refused, by line. */
export interface PreparedImport {
  accounts: (PreparedAccount | Refusal)[];
  /** false if nothing will be created, so that no password was hashed. */
  hashed: boolean;
}

/**
 * Hashes the passwords before the transaction, which blocks other writers. That takes 30 ms each, so everything else that can be known
 * is checked first, and a dry run hashes nothing. Refusals are returned and reported together with those of other lines. Stops hashing
 * when `gone` is aborted; then nothing will be created.
 */
export async function prepareImport(
  db: Db,
  instance: Instance,
  dryRun: boolean,
  wishes: readonly ImportWish[],
  gone?: AbortSignal,
): Promise<PreparedImport> {
  const checked = wishes.map(({ line: _, ...wish }) => {
    try {
      return checkAccount(wish);
    } catch (error) {
      if (error instanceof Refusal) return error;
      throw error;
    }
  });
  const accounts: (PreparedAccount | Refusal)[] = [];
  const possible = !dryRun && (await mayBeCreated(db, instance, checked));
  for (const account of checked) {
    const hashes = possible && gone?.aborted !== true;
    if (account instanceof Refusal) accounts.push(account);
    else if (hashes) accounts.push(await hashed(account));
    else accounts.push({ wish: account.wish, userName: account.userName, made: account.made, hash: "" });
  }
  return { accounts, hashed: possible && gone?.aborted !== true };
}

/** Whether no account is invalid, over the limit or there already. The transaction checks again. */
async function mayBeCreated(
  db: Db,
  instance: Instance,
  checked: readonly (CheckedAccount | Refusal)[],
): Promise<boolean> {
  if ((await countAccounts(db, instance.id)) + checked.length > instance.userCount) return false;
  for (const account of checked) {
    if (account instanceof Refusal || (await namesakeIn(db, instance.id, account.userName)) !== undefined) return false;
  }
  return true;
}

/**
 * Creates all of these accounts, each with its own audit record. `complete` is false if one was refused, or with `dryRun`: then the
 * caller must roll the transaction back. The results say what would have happened to each line.
 */
export async function importAccounts(
  change: Change,
  instance: Instance,
  { dryRun, uncapped }: { dryRun: boolean; uncapped: boolean },
  wishes: readonly ImportWish[],
  prepared: PreparedImport,
): Promise<{ complete: boolean; results: Imported[]; made: { account: Account; made: Secret | undefined }[] }> {
  const rows: { account: Account; made: Secret | undefined }[] = [];
  const refused = new Map<number, string>();
  for (const [i, account] of prepared.accounts.entries()) {
    try {
      if (account instanceof Refusal) throw account;
      const row = await createAccount(change, instance, account, uncapped);
      await change.audit(row.id, null, auditedAccount(row));
      rows.push({ account: row, made: account.made });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refused.set(i, error.message);
    }
  }
  const complete = !dryRun && prepared.hashed && refused.size === 0;
  const otherwise = dryRun ? "would be created" : complete ? "created" : "not created because other lines were refused";
  const results = wishes.map(({ line, user }, i) => {
    const why = refused.get(i);
    const account = prepared.accounts[i];
    const made = account instanceof Refusal ? undefined : account?.made;
    const result = why === undefined ? otherwise : `refused: ${why}`;
    return { line, user, result, password: complete ? (made?.reveal() ?? "") : "" };
  });
  return { complete, results, made: rows };
}
