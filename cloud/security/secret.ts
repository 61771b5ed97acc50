import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { inspect } from "node:util";

/** A value that must not reach a log: it prints as [redacted] wherever it is not asked for by name. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself; every call is a place to look at in a review. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return "[redacted]";
  }

  toJSON(): string {
    return "[redacted]";
  }

  [inspect.custom](): string {
    return "[redacted]";
  }
}

/** SHA-256, hexadecimal: the form in which tokens are stored. They are 256 random bits, so no salt is needed. */
export function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

/** A new token; the prefix tells people and scanners what it is. */
export function newToken(prefix: string): Secret {
  return new Secret(`${prefix}_${randomBytes(32).toString("base64url")}`);
}

export function equalInConstantTime(a: string, b: string): boolean {
  return timingSafeEqual(createHash("sha256").update(a).digest(), createHash("sha256").update(b).digest());
}
