import { isIPv6 } from "node:net";
import { texts } from "../../../common/text/index.ts";
import { Failure } from "../causes/failure.ts";

/** The address of a cloud instance. */
export interface Address {
  /** A name or an IP address, without brackets. */
  host: string;
  port: number;
}

const label = "[0-9a-z_]([0-9a-z_-]{0,61}[0-9a-z_])?";
const hostPattern = new RegExp(`^(?=.{1,253}$)${label}([.]${label})*[.]?$`);

/** Parses HOST, HOST:PORT, [IPV6]:PORT, or the same after https://. */
export function parseAddress(text: string): Address {
  const bare = text
    .trim()
    .replace(/^https:\/\//i, "")
    .replace(/\/$/, "")
    .toLowerCase();
  const bracketed = /^\[([0-9a-f:.]+)\](?::(\d{1,5}))?$/.exec(bare);
  const plain = bracketed ?? /^([^:[\]]+)(?::(\d{1,5}))?$/.exec(bare);
  const host = plain?.[1] ?? (isIPv6(bare) ? bare : "");
  const port = Number(plain?.[2] ?? 443);
  const valid = bracketed || isIPv6(host) ? isIPv6(host) : hostPattern.test(host);
  if (!valid || port < 1 || port > 65_535) {
    throw new Failure("invalid_argument", { text: texts.core.invitation.badServer });
  }
  return { host, port };
}

/** HOST[:PORT] as stored and shown. */
export function formatAddress({ host, port }: Address): string {
  const shown = isIPv6(host) ? `[${host}]` : host;
  return port === 443 ? shown : `${shown}:${port}`;
}

/** https://HOST:PORT, always with the port. */
export function urlOf({ host, port }: Address): string {
  return `https://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}
