import { say } from "../../../../base/say.ts";
import type { SignedRequest } from "../../../../security/signatures/canonical.ts";
import { ApiFailure } from "./failure.ts";

/** bytes. What the published operations need is far less. */
export const maxBody = 256 * 1024;
/** Of all parameters of a request; lists count by element. */
export const maxParameters = 2_000;

export interface RawRequest {
  method: string;
  /** Path and query as they came. */
  url: string;
  /** Names in lower case; several of one name joined by a comma. */
  headers: ReadonlyMap<string, string>;
  body: Uint8Array;
}

/** A request taken apart, its signature not yet looked at. */
export interface WireRequest {
  signed: SignedRequest;
  action: string;
  version: string;
  /** Query and form together. */
  parameters: ReadonlyMap<string, string>;
}

/** Takes a request apart. Whatever is wrong with it has a published code. */
export function readWire(raw: RawRequest): WireRequest {
  if (raw.method !== "GET" && raw.method !== "POST") {
    throw new ApiFailure("UnsupportedHTTPMethod", say("api_get_or_post"));
  }
  const at = raw.url.indexOf("?");
  const path = at < 0 ? raw.url : raw.url.slice(0, at);
  const query = readForm(at < 0 ? "" : raw.url.slice(at + 1));
  const form = readForm(formText(raw));
  for (const name of form.keys()) {
    // The Python SDK repeats in the query what its user has put into the body.
    if (query.has(name) && query.get(name) !== form.get(name)) throw twice(name);
  }
  const parameters = new Map([...query, ...form]);
  if (parameters.size > maxParameters) {
    throw new ApiFailure("InvalidParameter", say("api_parameters_too_many", { limit: maxParameters }));
  }
  const action = oneOf("Action", raw.headers.get("x-acs-action"), parameters.get("Action"));
  const version = oneOf("Version", raw.headers.get("x-acs-version"), parameters.get("Version"));
  const signed = { method: raw.method, path, query, form, headers: raw.headers, body: raw.body };
  return { signed, action, version, parameters };
}

function formText(raw: RawRequest): string {
  if (raw.body.length === 0) return "";
  const type = (raw.headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase();
  if (type !== "application/x-www-form-urlencoded") {
    throw new ApiFailure("InvalidParameter", say("api_body_type"));
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(raw.body);
  } catch {
    throw new ApiFailure("InvalidParameter", say("api_body_not_utf8"));
  }
}

function readForm(text: string): Map<string, string> {
  const out = new Map<string, string>();
  if (text === "") return out;
  for (const pair of text.split("&")) {
    if (pair === "") continue;
    if (out.size >= maxParameters)
      throw new ApiFailure("InvalidParameter", say("api_parameters_too_many", { limit: maxParameters }));
    const at = pair.indexOf("=");
    const name = decode(at < 0 ? pair : pair.slice(0, at));
    if (out.has(name)) throw twice(name);
    out.set(name, at < 0 ? "" : decode(pair.slice(at + 1)));
  }
  return out;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", "%20"));
  } catch {
    throw new ApiFailure("InvalidParameter", say("api_parameter_encoding"));
  }
}

const twice = (name: string) => new ApiFailure("InvalidParameter", say("api_parameter_twice", { name: shown(name) }));

/** The header and the parameter may both be there, as official clients send them, but must not disagree. */
function oneOf(name: string, header: string | undefined, parameter: string | undefined): string {
  if (header && parameter && header !== parameter) {
    throw new ApiFailure(
      "InvalidParameter",
      say("api_header_disagrees", { name, header: `x-acs-${name.toLowerCase()}` }),
    );
  }
  return header || parameter || "";
}

/** A name from a request, safe to repeat in a message. */
export function shown(name: string): string {
  return name.slice(0, 64).replace(/[^\x20-\x7e]/g, "?");
}
