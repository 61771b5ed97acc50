import { type Kysely, sql } from "kysely";

/** Texts that earlier versions stored, and their reason codes. */
const sentences: Record<string, string> = {
  "The password was reset.": "password_reset",
  "Other access points serve this intranet now.": "served_elsewhere",
  "The instance was bound to another Cloud Connect Network.": "bound_elsewhere",
  "This account was deleted.": "account_gone",
  "This intranet was deleted.": "instance_gone",
  "The administrator has locked this intranet.": "instance_locked",
  "This intranet has reached the end of its term.": "instance_expired",
};

/** Stores why a session or sign-in ended as a code. Texts remain only for an administrator's text or a device's name. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const name of ["session", "sign_in"]) {
    await db.schema.alterTable(name).addColumn("ended_reason", "text").execute();
    for (const [sentence, reason] of Object.entries(sentences)) {
      // Keep texts that an administrator wrote.
      const kicked = name === "session" ? sql`and ended_cause <> 'kicked'` : sql``;
      await sql`
        update ${sql.table(name)} set ended_reason = ${reason}, ended_text = '' where ended_text = ${sentence} ${kicked}
      `.execute(db);
    }
  }
  // A session that its owner ended from another device has the text "Ended from laptop."
  await sql`
    update session set ended_reason = 'ended_from', ended_text = substr(ended_text, 12, length(ended_text) - 12)
    where ended_cause = 'kicked' and ended_text like 'Ended from %.'
  `.execute(db);
  await db.schema.alterTable("sign_in").dropColumn("ended_text").execute();
}
