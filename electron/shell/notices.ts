import { texts } from "../../common/text/shell.ts";
import type { CauseCode, IntranetState } from "../core/client/model.ts";

export interface Notice {
  title: string;
  body: string;
}

/** Causes by which an administrator or another device ended the session. */
const endedByOthers = new Set<CauseCode>([
  "kicked",
  "replaced",
  "account_disabled",
  "session_expired",
  "sign_in_expired",
]);

/**
 * Which changes of state are notified: the tunnel went down, the sign-in ends soon, or the administrator sent a
 * message. A successful connect is not, because the user asked for it.
 */
export const noticesOf = (
  before: IntranetState | null,
  after: IntranetState,
  name: string = after.displayName,
): Notice[] => {
  const notices: Notice[] = [];
  const wasUp = before?.phase === "connected" || before?.phase === "reconnecting";
  if (
    wasUp &&
    after.cause &&
    (after.phase === "failed" || after.phase === "disconnected" || after.phase === "signed_out")
  ) {
    const title = endedByOthers.has(after.cause.cause)
      ? texts.shell.notifications.ended(name)
      : texts.shell.notifications.lost(name);
    notices.push({ title, body: join(after.cause.message, after.cause.action) });
  }
  const expires = after.warnings.find((warning) => warning.code === "expires_soon");
  if (before && expires && !before.warnings.some((warning) => warning.code === "expires_soon")) {
    notices.push({ title: texts.shell.notifications.expires(name), body: expires.message });
  }
  if (after.notice && after.notice !== before?.notice)
    notices.push({ title: texts.administratorsMessage(name), body: short(after.notice) });
  return notices;
};

/** Shown when the window is closed while the tunnel is up. */
export const staysNotice = (): Notice => ({
  title: texts.shell.notifications.staysTitle,
  body: texts.shell.notifications.staysText,
});

const join = (message: string, action: string): string => short(action ? `${message} ${action}` : message);

/** Shortens long messages, because notifications have little room. */
const short = (text: string): string => (text.length > 300 ? `${text.slice(0, 299)}…` : text);
