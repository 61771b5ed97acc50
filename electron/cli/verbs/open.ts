import { texts } from "../../../common/text/cli.ts";
import { Failure } from "../../core/causes/failure.ts";
import { systemEnvironment } from "../../core/host/environment.ts";
import { openInBrowser, requireBrowser, requireDisplay } from "../../core/reach/browser.ts";
import { connectedIntranet } from "../connected.ts";
import type { Verb } from "../verb.ts";

/** How long to watch whether the browser exits at once, ms. */
const watchMs = 2_500;

/** Opens an address in a browser with a separate profile for this intranet; the user's own profile is not changed. */
export const open: Verb<[string], { intranet?: string; browser?: string }> = async (context, flags, address) => {
  const { output } = context;
  const url = readUrl(address);
  requireBrowser(flags.browser);
  const { intranet, intranetId, pac } = await connectedIntranet(context, flags.intranet);
  requireDisplay(flags.browser);
  const { browser } = flags;
  const opened = await openInBrowser(systemEnvironment(), { intranetId, pac, url, browser, watchMs, mustRun: true });
  output.print(texts.cli.reach.opened(url, opened.browser, intranet));
  output.printJson({ intranet, url, ...opened });
  return 0;
};

function readUrl(text: string): string {
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`);
  if (url && (url.protocol === "http:" || url.protocol === "https:")) return url.href;
  throw new Failure("invalid_argument", { text: texts.cli.refusals.badUrl(text) });
}
