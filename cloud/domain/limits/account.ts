import { invalid } from "../../base/cause.ts";
import { type Cidr, contains, parseIp } from "../../base/ip.ts";
import { isUsable } from "../addresses/pool.ts";
import { requireText } from "./text.ts";

/** Kbit/s that an account gets when nobody says otherwise. */
export const defaultBandwidth = 2_000;
/** Kbit/s. 0 = uncapped is allowed besides, to local administrators only. */
export const bandwidthRange = { min: 1, max: 20_000 };

/** The newer of the documented rules: 7-33 letters, digits, _ @ . -, starting with a letter or digit. */
export function requireUserName(name: string): string {
  if (!/^[0-9A-Za-z][0-9A-Za-z_@.-]{6,32}$/.test(name)) {
    throw invalid(
      "user",
      "A user name has 7 to 33 letters, digits or any of _ @ . - and begins with a letter or a digit.",
    );
  }
  return name;
}

export function requireMail(mail: string): string {
  requireText("mail", mail, 2, 64);
  if (!/^[^\s@]*@[^\s@]*$/.test(mail) || mail.length < 2) {
    throw invalid("mail", "A mail address has 2 to 64 characters with one @ and no blanks.");
  }
  return mail;
}

/** 8-32 letters, digits, _ @ - or ., starting with a letter or digit. */
export function requirePassword(password: string): string {
  if (!/^[0-9A-Za-z][0-9A-Za-z_@.-]{7,31}$/.test(password)) {
    throw invalid(
      "password",
      "A password has 8 to 32 letters, digits or any of _ @ - . and begins with a letter or a digit.",
    );
  }
  return password;
}

/** Kbit/s; 0 = uncapped. */
export function requireBandwidth(bandwidth: number, most: number = bandwidthRange.max): number {
  if (bandwidth === 0) return 0;
  if (!Number.isInteger(bandwidth) || bandwidth < bandwidthRange.min || bandwidth > most) {
    throw invalid("bandwidth", `A bandwidth is ${bandwidthRange.min} to ${most} Kbit/s, or 0 for no cap.`);
  }
  return bandwidth;
}

/** A fixed client address must be one that the pool could give out. */
export function requireClientIp(address: string, cidrs: readonly Cidr[]): string {
  const ip = parseIp(address);
  if (ip?.version !== 4) throw invalid("client-ip", `${address} is not an IPv4 address.`);
  if (!cidrs.some((cidr) => contains(cidr, ip))) {
    throw invalid("client-ip", `${address} is in none of the instance's address blocks.`);
  }
  if (!isUsable(cidrs, address)) {
    throw invalid("client-ip", `${address} is the network or broadcast address of its block.`);
  }
  return address;
}
