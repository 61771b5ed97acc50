import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import { makeDirectories } from "../../../common/directories.ts";
import type { JournalEntry, ProxyJournal } from "./proxy.ts";

const setting = z.record(z.string().max(64), z.string().max(4096));
const entrySchema = z.object({ before: setting, ours: setting, intranetId: z.string() });

/** Stores the entry in a file before the setting is changed. */
export const fileJournal = (path: string): ProxyJournal => ({
  read: () => {
    try {
      return entrySchema.parse(JSON.parse(readFileSync(path, "utf8")));
    } catch {
      return null;
    }
  },
  write: (entry: JournalEntry) => {
    makeDirectories(dirname(path), 0o700);
    const fresh = `${path}.new`;
    const file = openSync(fresh, "w", 0o600);
    writeFileSync(file, JSON.stringify(entry));
    fsyncSync(file);
    closeSync(file);
    renameSync(fresh, path);
  },
  clear: () => rmSync(path, { force: true }),
});
