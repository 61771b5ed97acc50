import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { inspect } from "node:util";

/** A value that must not be logged: it prints as [redacted] unless `reveal` is called. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value; reviewers should check every call. */
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

/** SHA-256 in hexadecimal, the form in which tokens are stored. Tokens have 256 random bits, so no salt is needed. */
export function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

/** A new token; its prefix tells people and secret scanners what it is. */
export function newToken(prefix: string): Secret {
  return new Secret(`${prefix}_${randomBytes(32).toString("base64url")}`);
}

export function equalInConstantTime(a: string, b: string): boolean {
  return timingSafeEqual(createHash("sha256").update(a).digest(), createHash("sha256").update(b).digest());
}
