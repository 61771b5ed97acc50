import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  X509Certificate,
} from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { isIP } from "node:net";
import { hostname, networkInterfaces } from "node:os";
import { join } from "node:path";
import { Refusal } from "../base/cause.ts";
import { say } from "../base/say.ts";
import { makeCertificate } from "./x509.ts";

/** The server's certificate and key, and the pins for clients. */
export interface ServerIdentity {
  /** PEM: the certificate and its issuer. */
  certificate: string;
  /** PEM. */
  key: string;
  /** SHA-256 of the SubjectPublicKeyInfo: of the key in use, then of the next or spare key if there is one. */
  pins: Uint8Array[];
}

/** Text form of a pin, in the ready line, in links and in arguments. */
export function formatPin(pin: Uint8Array): string {
  return `sha256/${Buffer.from(pin).toString("base64url")}`;
}

export function pinOf(key: KeyObject): Uint8Array {
  const spki = (key.type === "private" ? createPublicKey(key) : key).export({ type: "spki", format: "der" });
  return new Uint8Array(createHash("sha256").update(spki).digest());
}

/** Loads a certificate from files. `nextKeyFile` is the key of the next certificate, announced to clients before it is used. */
export function loadIdentity(certificateFile: string, keyFile: string, nextKeyFile?: string): ServerIdentity {
  const certificate = readFileSync(certificateFile, "utf8");
  const key = readFileSync(keyFile, "utf8");
  const leaf = new X509Certificate(certificate);
  if (!leaf.checkPrivateKey(createPrivateKey(key))) {
    throw new Error(`the key in ${keyFile} does not belong to the certificate in ${certificateFile}`);
  }
  const next = nextKeyFile === undefined ? [] : [pinOf(createPrivateKey(readFileSync(nextKeyFile)))];
  const pins = [pinOf(leaf.publicKey), ...next];
  // If the next key is already in use, there is nothing to announce.
  return {
    certificate,
    key,
    pins: formatPin(pins[0] ?? leaf.raw) === formatPin(pins[1] ?? new Uint8Array()) ? pins.slice(0, 1) : pins,
  };
}

/** Lifetimes, days. Verifiers such as Apple's accept at most 825, and 398 for public authorities. */
const leafDays = 397;
const authorityDays = 3650;
const renewDays = 30;
const dayMs = 86_400_000;

/** Names and addresses under which a server that listens on `host` can be reached on this host. */
export function namesFor(host: string): string[] {
  const any = host === "0.0.0.0" || host === "::" || host === "";
  const own = any
    ? Object.values(networkInterfaces()).flatMap((list) =>
        (list ?? []).filter((a) => !a.internal).map((a) => a.address),
      )
    : [host];
  return [...new Set([...own, "localhost", "127.0.0.1", "::1", hostname()])];
}

/**
 * The self-signed identity in DIR/tls: a CA (ca.pem), a key in use and a spare key, all created once, and a certificate that is
 * reissued with the same key when its names change or it expires soon.
 */
export function selfMadeIdentity(directory: string, hosts: string | readonly string[], now: number): ServerIdentity {
  const tls = join(directory, "tls");
  mkdirSync(tls, { recursive: true, mode: 0o700 });
  // If the key in use was lost, use the spare one: clients have its pin, whereas they would refuse a new key.
  if (!existsSync(join(tls, "key.pem")) && existsSync(join(tls, "spare.key"))) {
    renameSync(join(tls, "spare.key"), join(tls, "key.pem"));
  }
  const authorityKey = keyIn(join(tls, "ca.key"));
  const key = keyIn(join(tls, "key.pem"));
  const spare = keyIn(join(tls, "spare.key"));
  const names = [...new Set([hosts].flat().flatMap(namesFor))];
  const [authorityFile, leafFile] = [join(tls, "ca.pem"), join(tls, "cert.pem")];
  // Start the validity an hour ago, because clients' clocks can be behind.
  const notBefore = now - 3_600_000;
  if (!existsSync(authorityFile)) {
    const wish = { subject: authorityName(), key: authorityKey, notBefore, notAfter: now + authorityDays * dayMs };
    save(authorityFile, makeCertificate(wish));
  }
  const authority = readFileSync(authorityFile, "utf8");
  if (!fits(leafFile, names, key, now)) {
    const issuer = { name: new X509Certificate(authority).subject.replace(/^CN=/, ""), key: authorityKey };
    const notAfter = now + leafDays * dayMs;
    save(leafFile, makeCertificate({ subject: names[0] ?? "localhost", key, issuer, names, notBefore, notAfter }));
  }
  return {
    certificate: readFileSync(leafFile, "utf8") + authority,
    key: key.export({ type: "pkcs8", format: "pem" }).toString(),
    pins: [pinOf(key), pinOf(spare)],
  };
}

function authorityName(): string {
  return `SAG cloud instance at ${hostname().replace(/[^0-9A-Za-z.-]/g, "-")}`;
}

function keyIn(file: string): KeyObject {
  if (!existsSync(file)) {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    save(file, privateKey.export({ type: "pkcs8", format: "pem" }).toString());
  }
  try {
    return createPrivateKey(readFileSync(file));
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (!code.startsWith("ERR_OSSL")) throw error;
    throw new Refusal("storage_damaged", say("tls_file_damaged", { file }));
  }
}

/** Writes a file atomically, so that a crash cannot leave a partial key. */
function save(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
}

function fits(file: string, names: string[], key: KeyObject, now: number): boolean {
  if (!existsSync(file)) return false;
  const leaf = new X509Certificate(readFileSync(file));
  if (Date.parse(leaf.validTo) - now < renewDays * dayMs || Date.parse(leaf.validFrom) > now) return false;
  if (!leaf.checkPrivateKey(key)) return false;
  return names.every((name) => (isIP(name) ? leaf.checkIP(name) : leaf.checkHost(name)) !== undefined);
}
