import { checkPublicUrl, hostOf } from "../public-url.ts";
import type { ServerView } from "./command.ts";

/**
 * The link that people open to sign in. `server` defaults to this server's URL; `pins` defaults to "only if clients need them".
 */
export function enrolmentLink(
  view: ServerView,
  code: string,
  wanted: { server?: string | undefined; pins?: boolean | undefined } = {},
) {
  const url = checkPublicUrl(wanted.server ?? view.url);
  const pins = (wanted.pins ?? !view.vouchedFor(hostOf(url))) ? view.pins : [];
  const host = url.replace(/^https:\/\//, "");
  const query = new URLSearchParams([
    ["server", host],
    ["code", code],
    ...pins.map((pin) => ["pin", pin] as [string, string]),
  ]);
  return { link: `sag://enroll?${query}`, server: host, code, pins };
}
