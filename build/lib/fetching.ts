import { readFileSync } from "node:fs";
import { type IncomingMessage, Agent as PlainAgent, request as plainRequest } from "node:http";
import { Agent as TlsAgent, request as tlsRequest } from "node:https";
import { getCACertificates } from "node:tls";
import { Trouble } from "./say.ts";

/** Maximum number of redirects. */
const furthest = 5;

/** Timeout for a silent server, ms. */
const patience = 60_000;

/**
 * GET with this host's proxy and CA settings: HTTPS_PROXY, HTTP_PROXY, NO_PROXY and NODE_EXTRA_CA_CERTS, or npm's `https-proxy`,
 * `proxy`, `noproxy` and `cafile`, which npm passes to scripts as npm_config_…. fetch() uses proxies only if Node was started with them
 * enabled.
 */
export async function get(url: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
  const { env } = process;
  const proxyEnv = {
    HTTP_PROXY: env.HTTP_PROXY || env.http_proxy || env.npm_config_proxy,
    HTTPS_PROXY: env.HTTPS_PROXY || env.https_proxy || env.npm_config_https_proxy || env.npm_config_proxy,
    NO_PROXY: env.NO_PROXY || env.no_proxy || env.npm_config_noproxy,
  };
  const ca = authorities(env.npm_config_cafile);
  let at = new URL(url);
  for (let followed = 0; ; followed++) {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const isPlain = at.protocol === "http:";
      const agent = isPlain ? new PlainAgent({ proxyEnv }) : new TlsAgent({ proxyEnv, ca });
      const call = (isPlain ? plainRequest : tlsRequest)(at, { agent, headers, timeout: patience }, resolve);
      call.on("timeout", () => call.destroy(new Error(`no answer within ${patience / 1000} s`)));
      call.on("error", reject);
      call.end();
    });
    const { statusCode = 0, headers: said } = answer;
    if (![301, 302, 303, 307, 308].includes(statusCode) || said.location === undefined) return answer;
    answer.resume();
    if (followed === furthest) throw new Error(`more than ${furthest} redirects`);
    at = new URL(said.location, at);
  }
}

function authorities(file: string | undefined): string[] {
  const known = getCACertificates("default");
  if (!file) return known;
  try {
    return [...known, readFileSync(file, "utf8")];
  } catch (error) {
    throw new Trouble(`npm's cafile cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}

/** Whether an error concerns the certificate of a server or proxy, so that a retry does not help. */
export const isAboutCertificate = (error: unknown): boolean =>
  error instanceof Error &&
  "code" in error &&
  /CERT|^UNABLE_TO_(GET|VERIFY)|^HOSTNAME_MISMATCH/.test(String(error.code));
