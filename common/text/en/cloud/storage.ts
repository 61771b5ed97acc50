import type { P } from "../../types.ts";

/** Messages about the store, its copies and their directories. */
export const storage = {
  storage_exists: ({ path }: P<"path">) => `${path} already exists.`,
  storage_no_directory: ({ path }: P<"path">) => `${path} is not a directory.`,
  storage_damaged_because: ({ path, reason }: P<"path" | "reason">) =>
    `The database in ${path} is damaged (${reason}).`,
  storage_damaged: ({ path }: P<"path">) => `The database in ${path} is damaged.`,
  storage_database_missing: ({ path, keys, database }: P<"database" | "keys" | "path">) =>
    `${path} has ${keys} but no ${database}, so the database is missing.`,
  storage_log_cut: ({ file, pages }: P<"file" | "pages">) =>
    `${file} is truncated or damaged: ${pages} written pages are missing.`,
  storage_file_cut: ({ file, bytes }: P<"bytes" | "file">) =>
    `${file} is truncated: ${bytes} bytes are missing at its end.`,
  storage_full: ({ path }: P<"path">) => `There is no space left in ${path}.`,
  storage_readonly: ({ path }: P<"path">) => `${path} cannot be written to.`,
  storage_foreign: ({ path }: P<"path">) =>
    `${path} contains files that do not belong to sag-cloud. Choose an empty directory, or one that does not exist.`,
  storage_in_use: ({ path }: P<"path">) => `Another process is using ${path}.`,
  storage_not_a_directory: ({ path }: P<"path">) => `${path} is not a directory and cannot be created.`,
  backup_missing: ({ path }: P<"path">) => `There is no backup at ${path}.`,
  backup_target_used: ({ path }: P<"path">) =>
    `${path} already contains a server's data. Use --replace to move it aside.`,
  backup_incomplete: ({ path, database }: P<"database" | "path">) => `${path} is not a backup: it has no ${database}.`,
  archive_unusable: ({ reason }: P<"reason">) => `The archive cannot be read or written (${reason}).`,
  storage_live_copy_empty: ({ file, log }: P<"file" | "log">) =>
    `${file} was copied from a running server without ${log}, so everything is missing.`,
  storage_live_copy_cut: ({ file, log }: P<"file" | "log">) =>
    `${file} was copied from a running server without ${log}, so the latest changes are missing.`,
  storage_is_checkout: ({ path, file }: P<"file" | "path">) =>
    `${path} contains source files (${file}). Choose a directory outside the checkout.`,
  storage_in_checkout: ({ path, file }: P<"file" | "path">) =>
    `${path} contains source files (${file}). Choose a directory outside the checkout, and move cloud.db*, keys.db* and tls there.`,
};
