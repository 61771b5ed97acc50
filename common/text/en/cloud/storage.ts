import type { P } from "../../types.ts";

/** Messages about the store, its copies and their directories. */
export const storage = {
  storage_exists: ({ path }: P<"path">) => `${path} exists already.`,
  storage_no_directory: ({ path }: P<"path">) => `${path} is no directory.`,
  storage_damaged_because: ({ path, reason }: P<"path" | "reason">) =>
    `The database in ${path} is damaged (${reason}).`,
  storage_damaged: ({ path }: P<"path">) => `The database in ${path} is damaged.`,
  storage_database_missing: ({ path, keys, database }: P<"database" | "keys" | "path">) =>
    `${path} has ${keys} but no ${database}, so the database is missing.`,
  storage_log_cut: ({ file, pages }: P<"file" | "pages">) =>
    `${file} is cut or damaged: ${pages} pages that were written are missing.`,
  storage_file_cut: ({ file, bytes }: P<"bytes" | "file">) => `${file} is cut: ${bytes} bytes are missing at its end.`,
  storage_full: ({ path }: P<"path">) => `There is no space left in ${path}.`,
  storage_readonly: ({ path }: P<"path">) => `${path} cannot be written to.`,
  storage_foreign: ({ path }: P<"path">) =>
    `${path} is not sag-cloud's; choose an empty directory, or one that does not exist.`,
  storage_in_use: ({ path }: P<"path">) => `Another process is using ${path}.`,
  storage_not_a_directory: ({ path }: P<"path">) => `${path} is not a directory, and none can be made there.`,
  backup_missing: ({ path }: P<"path">) => `There is no backup at ${path}.`,
  backup_target_used: ({ path }: P<"path">) => `${path} holds a server's data already; --replace keeps it aside.`,
  backup_incomplete: ({ path, database }: P<"database" | "path">) => `${path} is no backup: it has no ${database}.`,
  archive_unusable: ({ reason }: P<"reason">) => `The archive cannot be read or written (${reason}).`,
  storage_live_copy_empty: ({ file, log }: P<"file" | "log">) =>
    `${file} was copied from a running server without ${log}, so everything is missing.`,
  storage_live_copy_cut: ({ file, log }: P<"file" | "log">) =>
    `${file} was copied from a running server without ${log}, so what was changed last is missing.`,
  storage_is_checkout: ({ path, file }: P<"file" | "path">) =>
    `${path} holds source files (${file}); choose a directory outside the checkout.`,
  storage_in_checkout: ({ path, file }: P<"file" | "path">) =>
    `${path} holds source files (${file}); choose a directory outside the checkout. Move cloud.db*, keys.db* and tls there.`,
};
