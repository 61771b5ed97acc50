import { type Cidr, contains, parseIp } from "../../base/ip.ts";
import { isUsable } from "../addresses/pool.ts";
import { violation } from "../rules.ts";
import { isPrintable, lengthOf } from "./text.ts";

/** Default bandwidth of an account, Kbit/s. */
export const defaultBandwidth = 2_000;
/** Kbit/s. Callers that may leave accounts uncapped can also set 0. */
export const bandwidthRange = { min: 1, max: 20_000 };

/** The newer of the documented rules: 7-33 letters, digits, _ @ . -, starting with a letter or digit. */
export const userNameForm = /^[0-9A-Za-z][0-9A-Za-z_@.-]{6,32}$/;

export function requireUserName(name: string): string {
  if (userNameForm.test(name)) return name;
  // Composed, so that the character is the one that people see.
  const [character = ""] = /[^0-9A-Za-z_@.-]/u.exec(name.normalize("NFC")) ?? [];
  if (character === "" || !isPrintable(character)) throw violation("user-name-form");
  throw violation("user-name-character", { character });
}

export function requireMail(mail: string): string {
  if (lengthOf(mail) < 2 || lengthOf(mail) > 64 || !isPrintable(mail) || !/^[^\s@]*@[^\s@]*$/.test(mail)) {
    throw violation("mail-form");
  }
  return mail;
}

/** 8-32 letters, digits, _ @ - or ., starting with a letter or digit. */
export function requirePassword(password: string): string {
  if (!/^[0-9A-Za-z][0-9A-Za-z_@.-]{7,31}$/.test(password)) throw violation("password-form");
  return password;
}

/** Checks a bandwidth, Kbit/s; 0 = uncapped. */
export function requireBandwidth(bandwidth: number, most: number = bandwidthRange.max, uncapped = true): number {
  if (bandwidth === 0 && uncapped) return 0;
  if (!Number.isInteger(bandwidth) || bandwidth < bandwidthRange.min || bandwidth > most) {
    throw violation(uncapped ? "bandwidth-range-or-none" : "bandwidth-range", { min: bandwidthRange.min, most });
  }
  return bandwidth;
}

/** Checks that a fixed address is one that could also be assigned dynamically. */
export function requireClientIp(address: string, cidrs: readonly Cidr[]): string {
  const ip = parseIp(address);
  if (ip?.version !== 4) throw violation("client-ip-form", { address });
  if (!cidrs.some((cidr) => contains(cidr, ip))) throw violation("client-ip-outside", { address });
  if (!isUsable(cidrs, address)) throw violation("client-ip-reserved", { address });
  return address;
}
