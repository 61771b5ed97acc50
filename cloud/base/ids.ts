import { randomBytes, randomInt } from "node:crypto";

const alphabet = "0123456789abcdefghijklmnopqrstuvwxyz";

/** Prefixes of identifiers, as the product uses them. */
export type IdKind =
  | "sag"
  | "ccn"
  | "acc"
  | "ap"
  | "tok"
  | "tnt"
  | "cen"
  | "vpc"
  | "cenbwp"
  | "acl"
  | "acr"
  | "qos"
  | "qoscar"
  | "qospy"
  | "fl"
  | "sgc"
  | "grt";

/** An identifier in the product's form, for example sag-4f0k2m9x1c7p3q8z. */
export function newId(kind: IdKind): string {
  return `${kind}-${Array.from({ length: 16 }, () => alphabet[randomInt(alphabet.length)]).join("")}`;
}

/** 128 random bits as 32 hexadecimal digits. */
export function newHexId(): string {
  return randomBytes(16).toString("hex");
}

/** Five characters without look-alikes (0/O, 1/I), because people dictate codes to each other. */
export function newCode(): string {
  const readable = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
  return Array.from({ length: 5 }, () => readable[randomInt(readable.length)]).join("");
}

/** A 16-digit number below 2^53, the format of the product's account numbers. */
export function newUid(): number {
  return 1_000_000_000_000_000 + randomInt(2 ** 47);
}
