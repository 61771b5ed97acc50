import type { Message } from "../../base/say.ts";

/** Parameters in the order in which they came; a name may come only once (the protocol's reader sees to that). */
export type Parameters = ReadonlyMap<string, string>;

/** What a signature covers, as it came over the wire. */
export interface SignedRequest {
  /** Upper case. */
  method: string;
  path: string;
  query: Parameters;
  /** Form fields; empty when the body is something else. */
  form: Parameters;
  /** Names in lower case. */
  headers: ReadonlyMap<string, string>;
  body: Uint8Array;
}

/** What a request says of its own signature, before the secret is known. */
export interface SignatureClaim {
  accessKeyId: string;
  signature: string;
  stringToSign: string;
  /** "2026-11-23T08:00:00Z". */
  date: string;
  nonce: string;
}

/** Why a request's signature cannot even be looked at: a published code and what is the matter. */
export interface SignatureProblem {
  code: string;
  said: Message;
}

/** RFC 3986: everything but letters, digits and - _ . ~ */
export function percentEncode(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Sorted by name, both sides encoded. */
export function canonicalQuery(parameters: Iterable<readonly [string, string]>): string {
  return [...parameters]
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`)
    .join("&");
}
