import { createHash, createPublicKey, type KeyObject, randomBytes, sign } from "node:crypto";
import { isIPv4, isIPv6 } from "node:net";
import { parseIp } from "../base/ip.ts";

/**
 * Creates X.509 certificates for ECDSA keys (RFC 5280, DER as in X.690). Node can parse certificates but not create them, and the few
 * structures needed here do not justify a library.
 */
export interface CertificateWish {
  /** Common name. */
  subject: string;
  key: KeyObject;
  /** Whether it may sign other certificates; default: if it is self-signed. */
  authority?: boolean;
  /** undefined = self-signed. */
  issuer?: { name: string; key: KeyObject };
  /** Host names and IP addresses; not for CA certificates. */
  names?: readonly string[];
  /** Epoch ms. */
  notBefore: number;
  notAfter: number;
}

const tags = {
  boolean: 1,
  integer: 2,
  bits: 3,
  octets: 4,
  oid: 6,
  utf8: 12,
  utcTime: 23,
  time: 24,
  sequence: 48,
  set: 49,
};

function element(tag: number, ...contents: Uint8Array[]): Buffer {
  const body = Buffer.concat(contents);
  const { length } = body;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
}

const sequence = (...items: Uint8Array[]) => element(tags.sequence, ...items);

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const groups = [arc & 0x7f];
    for (let left = arc >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return element(tags.oid, Buffer.from(bytes));
}

const ecdsaWithSha256 = sequence(oid("1.2.840.10045.4.3.2"));

function commonName(text: string): Buffer {
  return sequence(element(tags.set, sequence(oid("2.5.4.3"), element(tags.utf8, Buffer.from(text, "utf8")))));
}

/** RFC 5280: UTCTime until 2049, GeneralizedTime from 2050. */
function time(ms: number): Buffer {
  const digits = `${new Date(ms).toISOString().replace(/[-:T]/g, "").slice(0, 14)}Z`;
  return digits < "2050"
    ? element(tags.utcTime, Buffer.from(digits.slice(2)))
    : element(tags.time, Buffer.from(digits));
}

function extension(id: string, critical: boolean, value: Uint8Array): Buffer {
  const flag = critical ? [element(tags.boolean, Buffer.from([0xff]))] : [];
  return sequence(oid(id), ...flag, element(tags.octets, value));
}

const spkiOf = (key: KeyObject): Buffer =>
  createPublicKey(key.export({ type: "pkcs8", format: "pem" })).export({ type: "spki", format: "der" });

/** Any value is allowed that is always the same for a key. */
const keyIdentifier = (key: KeyObject): Buffer => createHash("sha256").update(spkiOf(key)).digest().subarray(0, 20);

function generalName(name: string): Buffer {
  if (!isIPv4(name) && !isIPv6(name)) return element(0x82, Buffer.from(name, "latin1"));
  const value = parseIp(name)?.value ?? 0n;
  return element(0x87, Buffer.from(value.toString(16).padStart(isIPv4(name) ? 8 : 32, "0"), "hex"));
}

function extensions({ key, issuer, names, authority: signs = issuer === undefined }: CertificateWish): Buffer[] {
  const own = extension("2.5.29.14", false, element(tags.octets, keyIdentifier(key)));
  if (signs || !issuer) {
    const authority = sequence(element(tags.boolean, Buffer.from([0xff])), element(tags.integer, Buffer.from([0])));
    // keyCertSign and cRLSign.
    const usage = element(tags.bits, Buffer.from([1, 0x06]));
    return [extension("2.5.29.19", true, authority), extension("2.5.29.15", true, usage), own];
  }
  const digitalSignature = element(tags.bits, Buffer.from([7, 0x80]));
  return [
    extension("2.5.29.19", true, sequence()),
    extension("2.5.29.15", true, digitalSignature),
    extension("2.5.29.37", false, sequence(oid("1.3.6.1.5.5.7.3.1"))),
    extension("2.5.29.17", false, sequence(...(names ?? []).map(generalName))),
    own,
    extension("2.5.29.35", false, sequence(element(0x80, keyIdentifier(issuer.key)))),
  ];
}

/** PEM. */
export function makeCertificate(wish: CertificateWish): string {
  const { subject, key, issuer, notBefore, notAfter } = wish;
  const serial = randomBytes(16);
  // A DER integer must be positive and have no superfluous leading zero byte.
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const body = sequence(
    element(0xa0, element(tags.integer, Buffer.from([2]))),
    element(tags.integer, serial),
    ecdsaWithSha256,
    commonName(issuer?.name ?? subject),
    sequence(time(notBefore), time(notAfter)),
    commonName(subject),
    spkiOf(key),
    element(0xa3, sequence(...extensions(wish))),
  );
  const signature = sign("sha256", body, issuer?.key ?? key);
  const der = sequence(body, ecdsaWithSha256, element(tags.bits, Buffer.from([0]), signature));
  const lines = der.toString("base64").replace(/.{64}(?=.)/g, "$&\n");
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}
