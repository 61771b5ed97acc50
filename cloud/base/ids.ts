import { randomBytes, randomInt } from "node:crypto";

const alphabet = "0123456789abcdefghijklmnopqrstuvwxyz";

/** What has an identifier of its own; as the product prefixes them. */
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

/** Five characters; those that look alike are left out, since people read it to each other. */
export function newCode(): string {
  const readable = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
  return Array.from({ length: 5 }, () => readable[randomInt(readable.length)]).join("");
}

/** A number of sixteen digits, as the product's accounts have; below 2^53. */
export function newUid(): number {
  return 1_000_000_000_000_000 + randomInt(2 ** 47);
}
