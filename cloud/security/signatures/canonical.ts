import type { Message } from "../../base/say.ts";

/** Parameters in their original order. Each name occurs only once, which the parser has checked. */
export type Parameters = ReadonlyMap<string, string>;

/** The parts of a request that a signature covers, as received. */
export interface SignedRequest {
  /** Upper case. */
  method: string;
  path: string;
  query: Parameters;
  /** Form fields; empty if the body is not a form. */
  form: Parameters;
  /** Header fields by lower-case name. */
  headers: ReadonlyMap<string, string>;
  body: Uint8Array;
}

/** The signature of a request, not yet verified. */
export interface SignatureClaim {
  accessKeyId: string;
  signature: string;
  stringToSign: string;
  /** "2026-11-23T08:00:00Z". */
  date: string;
  nonce: string;
}

/** Why a signature cannot be verified, with a published error code. */
export interface SignatureProblem {
  code: string;
  said: Message;
}

/** Percent-encodes everything but letters, digits and - _ . ~ (RFC 3986). */
export function percentEncode(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Percent-encoded parameters, sorted by name. */
export function canonicalQuery(parameters: Iterable<readonly [string, string]>): string {
  return [...parameters]
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`)
    .join("&");
}
