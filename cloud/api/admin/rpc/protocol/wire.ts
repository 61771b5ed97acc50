import { say } from "../../../../base/say.ts";
import type { SignedRequest } from "../../../../security/signatures/canonical.ts";
import { ApiFailure } from "./failure.ts";

/** Maximum size of a request body, bytes; the published operations need far less. */
export const maxBody = 256 * 1024;
/** Maximum number of parameters of a request; each element of a list counts. */
export const maxParameters = 2_000;

export interface RawRequest {
  method: string;
  /** Path and query, undecoded. */
  url: string;
  /** Header fields by lower-case name; repeated fields are joined with commas. */
  headers: ReadonlyMap<string, string>;
  body: Uint8Array;
}

/** A parsed request whose signature has not been verified. */
export interface WireRequest {
  signed: SignedRequest;
  action: string;
  version: string;
  /** Parameters of query and form. */
  parameters: ReadonlyMap<string, string>;
}

/** Parses a request. Throws an ApiFailure with a published code if it is malformed. */
export function readWire(raw: RawRequest): WireRequest {
  if (raw.method !== "GET" && raw.method !== "POST") {
    throw new ApiFailure("UnsupportedHTTPMethod", say("api_get_or_post"));
  }
  const at = raw.url.indexOf("?");
  const path = at < 0 ? raw.url : raw.url.slice(0, at);
  const query = readForm(at < 0 ? "" : raw.url.slice(at + 1));
  const form = readForm(formText(raw));
  for (const name of form.keys()) {
    // The Python SDK repeats form parameters in the query.
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

/** Returns the value of a header or of a parameter. Official clients send both; they must be equal. */
function oneOf(name: string, header: string | undefined, parameter: string | undefined): string {
  if (header && parameter && header !== parameter) {
    throw new ApiFailure(
      "InvalidParameter",
      say("api_header_disagrees", { name, header: `x-acs-${name.toLowerCase()}` }),
    );
  }
  return header || parameter || "";
}

/** A name from a request, made safe for messages. */
export function shown(name: string): string {
  return name.slice(0, 64).replace(/[^\x20-\x7e]/g, "?");
}
