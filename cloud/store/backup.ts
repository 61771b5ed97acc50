import {
  constants,
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { backup as copyDatabase, DatabaseSync } from "node:sqlite";
import { invalid, Refusal } from "../base/cause.ts";
import { say } from "../base/say.ts";
import { storageRefusal } from "./failures.ts";
import { databaseFile, keysFile } from "./open.ts";
import { tar } from "./tar.ts";

export const manifestFile = "backup.json";
export const tlsFolder = "tls";
export const isArchive = (path: string) => /\.(tar|tar\.gz|tgz)$/i.test(path);

/** Description of a backup. */
export interface BackupView {
  path: string;
  madeAt: string;
  /** Number of client accounts. */
  accounts: number;
  /** Whether it contains the self-signed certificate and its keys; false if the certificate is in other files (--tls-cert). */
  tls: boolean;
}

/**
 * Copies what is needed to continue on another host: a consistent snapshot of the database, the self-signed certificate with its keys,
 * and the secret for tokens. Leaves out the keys of running sessions, which are recreated, and the secrets of access keys. Works while
 * a server uses `directory`. `target` is a new directory or a .tar, .tar.gz or .tgz file; it appears only when it is complete.
 */
export async function backUp(directory: string, target: string, now: number): Promise<BackupView> {
  if (isThere(target)) throw alreadyThere(target);
  let work: string | undefined;
  try {
    // Others may have write access to the target's folder (/tmp), so work in a subfolder that only this user can enter.
    work = mkdtempSync(join(dirname(target), ".sag-backup-"));
    const content = join(work, "content");
    mkdirSync(content, { mode: 0o700 });
    await copyStore(directory, content);
    const tls = existsSync(join(directory, tlsFolder, "key.pem"));
    if (tls) cpSync(join(directory, tlsFolder), join(content, tlsFolder), { recursive: true });
    const view = { path: target, madeAt: new Date(now).toISOString(), accounts: countAccounts(content), tls };
    writeFileSync(join(content, manifestFile), `${JSON.stringify({ format: 1, ...view })}\n`, {
      mode: 0o600,
      flush: true,
    });
    if (isArchive(target)) {
      const file = join(work, "archive");
      writeFileSync(file, "", { mode: 0o600, flag: "wx" });
      await tar([...(target.endsWith(".tar") ? [] : ["-z"]), "-cf", file, "-C", content, "."], dirname(target));
      publish(file, target);
    } else renameSync(content, target);
    return view;
  } catch (error) {
    if (isThere(target) && hasCode(error, "EEXIST", "ENOTEMPTY", "ENOTDIR")) throw alreadyThere(target);
    throw storageRefusal(error, dirname(target)) ?? missingFolder(error, target) ?? error;
  } finally {
    if (work) rmSync(work, { recursive: true, force: true });
  }
}

/** Gives a finished file its final name; never replaces or follows a file that was created there in the meantime. */
function publish(file: string, target: string): void {
  try {
    linkSync(file, target);
  } catch (error) {
    // The file system has no hard links (FAT, some network shares).
    if (!hasCode(error, "EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS")) throw error;
    copyFileSync(file, target, constants.COPYFILE_EXCL);
  }
}

/** Whether the path exists; true for a dangling symbolic link. */
const isThere = (path: string) => lstatSync(path, { throwIfNoEntry: false }) !== undefined;
const alreadyThere = (path: string) => new Refusal("already_exists", say("storage_exists", { path }));

function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}

function missingFolder(error: unknown, target: string): Refusal | undefined {
  return hasCode(error, "ENOENT", "ENOTDIR")
    ? invalid("path", say("storage_no_directory", { path: dirname(target) }))
    : undefined;
}

async function copyStore(directory: string, part: string): Promise<void> {
  const source = new DatabaseSync(join(directory, databaseFile), { readOnly: true });
  try {
    // Copy all pages in one step: that is one read transaction, so the copy is consistent. It runs on another thread.
    await copyDatabase(source, join(part, databaseFile), { rate: 2 ** 30 });
  } finally {
    source.close();
  }
  const copy = new DatabaseSync(join(part, databaseFile));
  try {
    copy.exec("update setting set value = 'no' where name = 'store_open'");
    const said = copy.prepare("pragma integrity_check(1)").get()?.integrity_check;
    if (said !== "ok")
      throw new Refusal("storage_damaged", say("storage_damaged_because", { path: directory, reason: String(said) }));
    copySecrets(directory, part, copy);
  } finally {
    copy.close();
  }
}

function copySecrets(directory: string, part: string, copy: DatabaseSync): void {
  if (!existsSync(join(directory, keysFile))) return;
  copy.prepare("attach ? as there").run(`file:${encodeURI(join(directory, keysFile))}?mode=ro`);
  copy.prepare("attach ? as kept").run(join(part, keysFile));
  copy.exec("create table kept.server_secret (name text primary key, value blob not null)");
  copy.exec("insert into kept.server_secret select name, value from there.server_secret where name = 'tokens'");
  copy.exec("detach there; detach kept");
}

/** Number of client accounts in a copy. */
export function countAccounts(part: string): number {
  const copy = new DatabaseSync(join(part, databaseFile), { readOnly: true });
  try {
    return Number(copy.prepare("select count(*) as n from account").get()?.n);
  } finally {
    copy.close();
  }
}
