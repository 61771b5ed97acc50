import type { Secret } from "../security/secret.ts";

/** A mail to one person: plain text. */
export interface Mail {
  to: string;
  subject: string;
  /** It may hold a one-time code. */
  text: Secret;
}

/** Sends mails. Nobody waits for it: how long it takes would tell whether there is somebody to send to. */
export interface Mailer {
  post(mail: Mail): void;
  /** Resolves when nothing is left to do. */
  close(): Promise<void>;
}
