import { invalid } from "./base/cause.ts";
import { say } from "./base/say.ts";
import type { Store } from "./store/db.ts";
import { deleteSetting, findSetting, putSetting } from "./store/queries/settings.ts";

const setting = "public_url";

/**
 * The server's name for clients, one setting of the server: given once by --public-url and remembered. Links use it, and a self-made
 * certificate is made for it. `given` "" forgets it.
 */
export async function publicUrl(store: Store, given: string | undefined): Promise<string | undefined> {
  if (given === "") await deleteSetting(store, setting);
  else if (given !== undefined) await putSetting(store, setting, checkPublicUrl(given));
  return findSetting(store, setting);
}

/** https://HOST[:PORT], also when https:// is left out. */
export function checkPublicUrl(text: string): string {
  const wrong = () => invalid("public-url", say("public_url_invalid", { text }));
  const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`;
  if (!URL.canParse(whole)) throw wrong();
  const url = new URL(whole);
  const plain = url.protocol === "https:" && url.pathname === "/" && !url.search && !url.hash && !url.username;
  if (!plain || url.hostname === "" || url.port === "0") throw wrong();
  return url.origin;
}

/** Without the brackets of an IPv6 address. */
export const hostOf = (url: string): string => new URL(url).hostname.replace(/^\[(.*)\]$/, "$1");
