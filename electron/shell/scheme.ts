import { readFile } from "node:fs/promises";
import { extname, join, normalize, sep } from "node:path";
import { protocol } from "electron";

/** The only origin of the renderer. */
export const scheme = "app";
export const origin = `${scheme}://sag`;
export const startUrl = `${origin}/index.html`;

/**
 * Allows only files that were built with the app. Inline style attributes are allowed because react-aria positions
 * popovers with them.
 */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "style-src-attr 'unsafe-inline'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "object-src 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

const types: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
};

/** Has to be called before the app is ready. */
export const registerScheme = (): void => {
  protocol.registerSchemesAsPrivileged([{ scheme, privileges: { standard: true, secure: true } }]);
};

/** Serves only files below `folder`. */
export const serveScheme = (folder: string): void => {
  protocol.handle(scheme, async (request) => {
    const file = fileOf(folder, request.url);
    const body = file && request.method === "GET" ? await readFile(file).catch(() => null) : null;
    if (!file || !body) return new Response(null, { status: 404, headers: headers("text/plain") });
    return new Response(new Uint8Array(body), { headers: headers(types[extname(file)] ?? "application/octet-stream") });
  });
};

/** The file for a URL of the app's own origin; null for any other URL. */
export const fileOf = (folder: string, url: string): string | null => {
  const parsed = URL.parse(url);
  if (parsed?.protocol !== `${scheme}:` || parsed.host !== "sag") return null;
  const path = normalize(join(folder, decoded(parsed.pathname)));
  return path.startsWith(folder + sep) && !path.endsWith(sep) ? path : null;
};

/** A path with invalid percent-encoding matches no file. */
const decoded = (path: string): string => {
  try {
    return decodeURIComponent(path);
  } catch {
    return "";
  }
};

const headers = (type: string): Record<string, string> => ({
  "content-type": type,
  "content-security-policy": contentSecurityPolicy,
  "x-content-type-options": "nosniff",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
});
