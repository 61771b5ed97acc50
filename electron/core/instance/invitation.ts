import { findEnrolmentLink } from "../../../common/enrolment-link.ts";
import { texts } from "../../../common/text/index.ts";
import { Failure } from "../causes/failure.ts";
import type { Invitation } from "../client/requests.ts";
import { formatAddress, parseAddress } from "./address.ts";

/** A parsed invitation. */
export interface Enrolment {
  /** HOST[:PORT]; null when only a code was given. */
  server: string | null;
  /** Five letters or digits, upper case. */
  code: string;
  /** SHA-256 of the server's public key, 64 hexadecimal digits. */
  pins: string[];
}

/** Longest link that is accepted, characters; generated links are shorter. */
const longestLink = 2048;
const mostPins = 8;

/** The failure for text that is neither a link nor a code with its server. */
export const notAnInvitation = (text: string): Failure => wrong(texts.core.invitation.notOne(text.trim().slice(0, 64)));

const wrong = (text: string): Failure => new Failure("invalid_argument", { text });

/**
 * Parses an invitation. Refuses anything malformed; unknown parameters of a link are ignored, since later versions
 * may add some.
 */
export function parseInvitation(invitation: Invitation): Enrolment {
  if (typeof invitation !== "string") {
    return { server: readServer(invitation.server), code: readCode(invitation.enterpriseCode), pins: [] };
  }
  const text = invitation.trim();
  if (text.length > longestLink) throw wrong(texts.core.invitation.tooLong);
  const found = findEnrolmentLink(text);
  if (found === "incomplete") throw wrong(texts.core.invitation.incomplete);
  if (found) return parseLink(found.link);
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) throw wrong(texts.core.invitation.beginning);
  const at = text.indexOf("@");
  if (at < 0 && !isCode(text)) throw notAnInvitation(text);
  if (at < 0) return { server: null, code: readCode(text), pins: [] };
  return { server: readServer(text.slice(at + 1)), code: readCode(text.slice(0, at)), pins: [] };
}

function parseLink(text: string): Enrolment {
  const query = /^sag:\/\/enroll\/?\?([^#]*)$/i.exec(text)?.[1];
  if (query === undefined) throw wrong(texts.core.invitation.beginning);
  // URLSearchParams never fails; invalid UTF-8 becomes U+FFFD and is refused below.
  const parameters = new URLSearchParams(query);
  const code = readCode(single(parameters, "code"));
  const server = readServer(single(parameters, "server"));
  const pins = parameters
    .getAll("pin")
    .flatMap((value) => value.split(","))
    .map(readPin);
  if (pins.length > mostPins || new Set(pins).size !== pins.length) throw wrong(texts.core.invitation.badPins);
  return { server, code, pins };
}

function single(parameters: URLSearchParams, name: string): string {
  const values = parameters.getAll(name);
  if (values.length === 1) return values[0] ?? "";
  throw wrong(values.length === 0 ? texts.core.invitation.incomplete : texts.core.invitation.repeats(name));
}

const readServer = (text: string): string => formatAddress(parseAddress(text));

const isCode = (text: string): boolean => /^[0-9A-Za-z]{5}$/.test(text.trim());

export function readCode(text: string): string {
  if (!isCode(text)) throw wrong(texts.core.invitation.badCode);
  return text.trim().toUpperCase();
}

/** Parses hexadecimal, base64 or base64url. In a query a plus sign has already become a space. */
export function readPin(text: string): string {
  const pin = text.trim().replace(/^sha256[:/]+/i, "");
  if (/^[0-9a-fA-F]{64}$/.test(pin)) return pin.toLowerCase();
  const base64 = pin.replaceAll(" ", "+");
  if (/^[0-9A-Za-z+/_-]{43}=?$/.test(base64)) return Buffer.from(base64, "base64").toString("hex");
  throw wrong(texts.core.invitation.badPin);
}
