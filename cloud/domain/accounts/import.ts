import { Refusal } from "../../base/cause.ts";
import type { Secret } from "../../security/secret.ts";
import type { Account, Instance } from "../../store/shapes.ts";
import type { Change } from "../change.ts";
import { auditedAccount } from "./accounts.ts";
import { type AccountWish, createAccount, type PreparedAccount, prepareAccount } from "./create.ts";

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

/**
 * Hashes the passwords before the transaction, which blocks other writers. Refusals are returned and reported together with those of
 * other lines.
 */
export async function prepareImport(wishes: readonly ImportWish[]): Promise<(PreparedAccount | Refusal)[]> {
  const out: (PreparedAccount | Refusal)[] = [];
  for (const { line: _, ...wish } of wishes) {
    out.push(
      await prepareAccount(wish).catch((error: unknown) => {
        if (error instanceof Refusal) return error;
        throw error;
      }),
    );
  }
  return out;
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
  prepared: readonly (PreparedAccount | Refusal)[],
): Promise<{ complete: boolean; results: Imported[]; made: { account: Account; made: Secret | undefined }[] }> {
  const rows: { account: Account; made: Secret | undefined }[] = [];
  const refused = new Map<number, string>();
  for (const [i, account] of prepared.entries()) {
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
  const complete = !dryRun && refused.size === 0;
  const otherwise = dryRun ? "would be created" : complete ? "created" : "not created because other lines were refused";
  const results = wishes.map(({ line, user }, i) => {
    const why = refused.get(i);
    const account = prepared[i];
    const made = account instanceof Refusal ? undefined : account?.made;
    const result = why === undefined ? otherwise : `refused: ${why}`;
    return { line, user, result, password: complete ? (made?.reveal() ?? "") : "" };
  });
  return { complete, results, made: rows };
}
