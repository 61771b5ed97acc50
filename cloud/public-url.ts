import { invalid } from "./base/cause.ts";
import { say } from "./base/say.ts";
import type { Store } from "./store/db.ts";
import { deleteSetting, findSetting, putSetting } from "./store/queries/settings.ts";

const setting = "public_url";

/**
 * The server's public URL. `given` is the value of --public-url; it is stored, and "" deletes it. Enrolment links contain the
 * URL, and the self-signed certificate is issued for its host.
 */
export async function publicUrl(store: Store, given: string | undefined): Promise<string | undefined> {
  if (given === "") await deleteSetting(store, setting);
  else if (given !== undefined) await putSetting(store, setting, checkPublicUrl(given));
  return findSetting(store, setting);
}

/** Checks and normalises a public URL to https://HOST[:PORT]; the scheme may be omitted. */
export function checkPublicUrl(text: string): string {
  const wrong = () => invalid("public-url", say("public_url_invalid", { text }));
  const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`;
  if (!URL.canParse(whole)) throw wrong();
  const url = new URL(whole);
  const plain = url.protocol === "https:" && url.pathname === "/" && !url.search && !url.hash && !url.username;
  if (!plain || url.hostname === "" || url.port === "0") throw wrong();
  return url.origin;
}

/** Host of a URL, without the brackets of an IPv6 address. */
export const hostOf = (url: string): string => new URL(url).hostname.replace(/^\[(.*)\]$/, "$1");
