import { randomBytes } from "node:crypto";
import { mkdir, open, rename } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../domain/context.ts";
import type { Mail, Mailer } from "../domain/mailer.ts";

/** Folder in the data directory in which mails wait for whoever sends them. */
export const outboxFolder = "outbox";

/** Writes each mail as a file of its own, complete from the moment it has its name (….eml), and readable by its owner only. */
export function outbox(data: string, clock: Clock, log: Log): Mailer {
  const folder = join(data, outboxFolder);
  let last: Promise<void> = Promise.resolve();
  const write = async (mail: Mail): Promise<void> => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const name = `${clock.now()}-${randomBytes(8).toString("hex")}`;
    const file = await open(join(folder, `${name}.part`), "wx", 0o600);
    try {
      await file.writeFile(message(mail, clock.now()));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(join(folder, `${name}.part`), join(folder, `${name}.eml`));
  };
  return {
    post(mail) {
      last = last
        .then(() => write(mail))
        .catch((error: unknown) => log("error", "a mail could not be written", { error: String(error) }));
    },
    close: () => last,
  };
}

/** RFC 5322. Addresses and subjects have no line ends: the first are checked when they are set, the others are ours. */
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
