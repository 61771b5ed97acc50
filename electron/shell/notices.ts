import type { CauseCode, IntranetState } from "../core/model.ts";
import { words } from "./words.ts";

export interface Notice {
  title: string;
  body: string;
}

/** Ended by somebody else, not by a fault. */
const endedByOthers = new Set<CauseCode>([
  "kicked",
  "replaced",
  "account_disabled",
  "session_expired",
  "sign_in_expired",
]);

/**
 * What a change of state is worth telling somebody who is not looking: the tunnel was up and is not any more, the sign-in ends
 * soon, the administrator has something to say. Nothing else; coming up is what was asked for.
 */
export const noticesOf = (before: IntranetState | null, after: IntranetState): Notice[] => {
  const name = after.displayName;
  const notices: Notice[] = [];
  const wasUp = before?.phase === "connected" || before?.phase === "reconnecting";
  if (
    wasUp &&
    after.cause &&
    (after.phase === "failed" || after.phase === "disconnected" || after.phase === "signed_out")
  ) {
    const title = endedByOthers.has(after.cause.cause) ? words.ended(name) : words.lost(name);
    notices.push({ title, body: join(after.cause.message, after.cause.action) });
  }
  const expires = after.warnings.find((warning) => warning.code === "expires_soon");
  if (before && expires && !before.warnings.some((warning) => warning.code === "expires_soon")) {
    notices.push({ title: words.expires(name), body: expires.message });
  }
  if (after.notice && after.notice !== before?.notice)
    notices.push({ title: words.message(name), body: short(after.notice) });
  return notices;
};

const join = (message: string, action: string): string => short(action ? `${message} ${action}` : message);

/** Notifications have little room, and what an administrator wrote may be long. */
const short = (text: string): string => (text.length > 300 ? `${text.slice(0, 299)}…` : text);
