import { createHmac, randomBytes } from "node:crypto";
import { equalInConstantTime, Secret } from "./secret.ts";

/** Length of a TOTP time step, s. */
export const stepSeconds = 30;
/** Number of earlier and later time steps whose codes are accepted, because clocks differ and people type slowly. */
const tolerance = 1;
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** The HOTP code of a counter value (RFC 4226), with HMAC-SHA-1 as all authenticator apps support. */
export function hotp(key: Uint8Array, counter: number, digits = 6): string {
  const message = Buffer.alloc(8);
  message.writeBigUInt64BE(BigInt(counter));
  const mac = createHmac("sha1", key).update(message).digest();
  const offset = mac.readUInt8(mac.length - 1) & 0x0f;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 10 ** digits).padStart(digits, "0");
}

/** `now`: epoch ms. */
export function stepAt(now: number): number {
  return Math.floor(now / 1_000 / stepSeconds);
}

/** The accepted time step with this code, if it is later than `after`. `now` is epoch ms. */
export function matchingStep(secret: Secret, code: string, now: number, after: number): number | undefined {
  const given = code.replace(/\s/g, "");
  if (!/^\d{6}$/.test(given)) return undefined;
  const key = fromBase32(secret.reveal());
  let found: number | undefined;
  for (let step = stepAt(now) - tolerance; step <= stepAt(now) + tolerance; step++) {
    if (step < 0 || !equalInConstantTime(hotp(key, step), given)) continue;
    if (step > after) found ??= step;
  }
  return found;
}

/** 160 random bits in base32, the length that RFC 4226 recommends. */
export function newTotpSecret(): Secret {
  return new Secret(toBase32(randomBytes(20)));
}

/** The URI in the QR code for authenticator apps. */
export function totpUri(secret: Secret, issuer: string, account: string): Secret {
  const label = [issuer, account].map((part) => encodeURIComponent(part.replaceAll(":", " "))).join(":");
  const query = `secret=${secret.reveal()}&issuer=${encodeURIComponent(issuer)}&algorithm=SHA1&digits=6&period=30`;
  return new Secret(`otpauth://totp/${label}?${query}`);
}

/** RFC 4648, without padding. */
export function toBase32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return (bits.match(/.{1,5}/g) ?? []).map((five) => alphabet[Number.parseInt(five.padEnd(5, "0"), 2)]).join("");
}

export function fromBase32(text: string): Uint8Array {
  const bits = [...text].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, "0")).join("");
  return Uint8Array.from(bits.match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2));
}
