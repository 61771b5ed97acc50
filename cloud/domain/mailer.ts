import type { Secret } from "../security/secret.ts";

/** A mail to one person: plain text. */
export interface Mail {
  to: string;
  subject: string;
  /** It may hold a one-time code or a password. */
  text: Secret;
}

/** Mails that are sent only if a change is stored. */
export interface HeldMails {
  send(): Promise<void>;
  drop(): Promise<void>;
}

export interface Mailer {
  /** Sends a mail in the background: the time that it takes would reveal whether the account exists. */
  post(mail: Mail): void;
  /** Writes mails that must not be lost, to be sent later. Rejects, and keeps none of them, if that fails. */
  hold(mails: readonly Mail[]): Promise<HeldMails>;
  /** Resolves when nothing is left to do. */
  close(): Promise<void>;
}
