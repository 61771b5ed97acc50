import { say } from "../../base/say.ts";
import { Secret } from "../../security/secret.ts";
import type { Account, Instance } from "../../store/shapes.ts";
import type { Change } from "../change.ts";
import type { Mail } from "../mailer.ts";

/** Credentials to mail to an account's owner. */
export interface Credentials {
  account: Account;
  instance: Instance;
  /** Why they are mailed. */
  event: "made" | "reset" | "roamed";
  /** The password, if the server generated it. One that an administrator chose is not mailed. */
  made: Secret | undefined;
  /** The enrolment link. */
  link: string;
}

/** Mails credentials once the change is committed. Refuses the change if the mails cannot be written. */
export async function mailCredentials(change: Change, all: readonly Credentials[]): Promise<void> {
  const held = await change.context.mailer.hold(all.map(mailOf));
  change.undone(() => held.drop());
  change.after(() => held.send());
}

function mailOf({ account, instance, event, made, link }: Credentials): Mail {
  const intranet = instance.name;
  const opening = {
    made: say("mail_account_made", { intranet }),
    reset: say("mail_password_reset", { intranet }),
    roamed: say("mail_account_roamed", { intranet }),
  }[event];
  const password = made?.reveal() ?? say(event === "roamed" ? "mail_password_kept" : "mail_password_given").text;
  const credentials = say("mail_credentials", {
    code: instance.enterpriseCode,
    instance: instance.id,
    user: account.userName,
    password,
  });
  const parts = [opening, credentials, say("mail_steps", { link })];
  if (account.mustChange === 1) parts.push(say("mail_must_change"));
  parts.push(say("mail_no_password"));
  return {
    to: account.mail,
    subject: say(event === "reset" ? "mail_password_subject" : "mail_account_subject").text,
    text: new Secret(parts.map(({ text }) => text).join("\n\n")),
  };
}
