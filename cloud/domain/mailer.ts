import type { Secret } from "../security/secret.ts";

/** A plain-text mail to one person. */
export interface Mail {
  to: string;
  subject: string;
  /** Secret, because it can contain a one-time code or a password. */
  text: Secret;
}

/** Mails that are sent only if the change is committed. */
export interface HeldMails {
  send(): Promise<void>;
  drop(): Promise<void>;
}

export interface Mailer {
  /** Sends a mail in the background, so that the time of the answer does not reveal whether the account exists. */
  post(mail: Mail): void;
  /** Writes mails that are released by `send`. If one cannot be written, rejects and keeps none. */
  hold(mails: readonly Mail[]): Promise<HeldMails>;
  /** Resolves when all mails are written. */
  close(): Promise<void>;
}
