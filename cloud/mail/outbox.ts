import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { Refusal } from "../base/cause.ts";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { say } from "../base/say.ts";
import type { HeldMails, Mail, Mailer } from "../domain/mailer.ts";

/** Folder in the data directory from which another program sends the mails. */
export const outboxFolder = "outbox";

/** Maximum number of mails written at the same time. */
const atOnce = 32;

/** Writes each mail to a file of its own, readable only by its owner. A file is complete once it is named ….eml. */
export function outbox(data: string, clock: Clock, log: Log): Mailer {
  const folder = join(data, outboxFolder);
  // Delete unfinished mails of a crashed run: it is unknown whether their transactions were committed.
  let last: Promise<void> = dropParts(folder).catch(() => {});
  const write = async (mail: Mail, part: string): Promise<void> => {
    const file = await openPart(part);
    try {
      await file.writeFile(message(mail, clock.now()));
      await file.sync();
    } finally {
      await file.close();
    }
  };
  // mkdir is called only if the folder is missing, because it blocks the main thread for 1 ms.
  const openPart = (part: string) =>
    open(part, "wx", 0o600).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
      await mkdir(folder, { recursive: true, mode: 0o700 });
      return open(part, "wx", 0o600);
    });
  const newPart = () => join(folder, `${clock.now()}-${randomBytes(8).toString("hex")}.part`);
  const publish = (part: string) => rename(part, part.replace(/part$/, "eml"));
  const hold = async (mails: readonly Mail[]): Promise<HeldMails> => {
    // Wait until the unfinished files of the last run are deleted, otherwise that could delete one of these.
    await last;
    const parts = mails.map(newPart);
    const drop = async () => void (await Promise.all(parts.map((part) => rm(part, { force: true }))));
    try {
      for (let at = 0; at < mails.length; at += atOnce) {
        // Wait for all writes before reporting a failure: one that finishes later would leave its file behind.
        const writes = mails.slice(at, at + atOnce).map((mail, i) => write(mail, parts[at + i] ?? ""));
        const failed = (await Promise.allSettled(writes)).find((one) => one.status === "rejected");
        if (failed) throw failed.reason;
      }
    } catch (error) {
      await drop().catch(() => {});
      throw unwritable(error, folder);
    }
    return {
      drop,
      async send() {
        for (const part of parts) await publish(part);
      },
    };
  };
  return {
    post(mail) {
      last = last
        .then(async () => {
          const part = newPart();
          await write(mail, part);
          await publish(part);
        })
        .catch((error: unknown) => log("error", "could not write a mail", { error: String(error) }));
    },
    hold,
    close: () => last,
  };
}

async function dropParts(folder: string): Promise<void> {
  for (const name of await readdir(folder)) if (name.endsWith(".part")) await rm(join(folder, name), { force: true });
}

/**
 * Passes a full disk on unchanged, because it has its own cause; reports other failures as `storage_readonly` with their error
 * code.
 */
function unwritable(error: unknown, folder: string): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ENOSPC" || code === "EDQUOT") return error;
  return new Refusal("storage_readonly", say("mail_unwritable", { path: folder, reason: code || String(error) }));
}

/**
 * Formats a mail by RFC 5322. Addresses and subjects contain no line breaks: addresses are checked when they are set, subjects
 * are fixed texts.
 */
function message({ to, subject, text }: Mail, now: number): string {
  const head = [
    `To: ${to}`,
    `Subject: ${subject}`,
    `Date: ${new Date(now).toUTCString().replace("GMT", "+0000")}`,
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: 8bit",
    "Auto-Submitted: auto-generated",
  ];
  return `${head.join("\r\n")}\r\n\r\n${text.reveal().replaceAll("\n", "\r\n")}\r\n`;
}
