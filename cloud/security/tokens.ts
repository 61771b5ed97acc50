import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto";
import { equalInConstantTime, Secret } from "./secret.ts";

/** Lifetime of an access token, s. */
export const accessTokenSeconds = 15 * 60;

/** The contents of a refresh token, before any lookup. */
export interface RefreshClaim {
  signInId: string;
  generation: number;
  /** Whether the token was issued here: it cannot be forged without the server's secret. */
  authentic: boolean;
}

/**
 * Issues refresh and access tokens. A refresh token is derived from sign-in, generation and the server's secret. The successor of a
 * reused token can therefore be derived again, and an old token can be told from a forged one without storing it.
 */
export class TokenMint {
  readonly #secret: Uint8Array;

  constructor(secret: Uint8Array) {
    this.#secret = secret;
  }

  #mac(...parts: (string | number)[]): string {
    return createHmac("sha256", this.#secret).update(parts.join("|")).digest("base64url");
  }

  refreshToken(signInId: string, generation: number): Secret {
    return new Secret(`srt_${signInId}.${generation}.${this.#mac("refresh", signInId, generation)}`);
  }

  readRefreshToken(token: string): RefreshClaim | undefined {
    const match = /^srt_([0-9a-f]{32})\.(\d{1,9})\.([0-9A-Za-z_-]{43})$/.exec(token);
    if (!match?.[1]) return undefined;
    const generation = Number(match[2]);
    const authentic = equalInConstantTime(token, this.refreshToken(match[1], generation).reveal());
    return { signInId: match[1], generation, authentic };
  }

  /** The stored form of a one-time code: a keyed hash, because the code is too short to be safe with a plain one. */
  passwordCode(accountId: string, code: string): string {
    return this.#mac("password-code", accountId, code);
  }

  /** Derived from the registration, so that repeating a registration returns the same identity. */
  accessPointIdentity(accessPointId: string, tokenHash: string): Secret {
    return new Secret(`sai_${this.#mac("access-point", accessPointId, tokenHash)}`);
  }

  /** `now`: epoch ms. */
  accessToken(signInId: string, now: number): Secret {
    const expires = now + accessTokenSeconds * 1000;
    return new Secret(`sat_${signInId}.${expires}.${this.#mac("access", signInId, expires)}`);
  }

  /** The sign-in id of a valid access token. */
  readAccessToken(token: string, now: number): string | undefined {
    const match = /^sat_([0-9a-f]{32})\.(\d{1,16})\.([0-9A-Za-z_-]{43})$/.exec(token);
    if (!match?.[1]) return undefined;
    const expires = Number(match[2]);
    if (!equalInConstantTime(match[3] ?? "", this.#mac("access", match[1], expires))) return undefined;
    return expires > now ? match[1] : undefined;
  }

  /** Encrypts and authenticates a text (AES-256-GCM), for the part of the store that is backed up. */
  seal(text: string): string {
    const nonce = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", this.#sealKey(), nonce);
    const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
    return Buffer.concat([nonce, sealed, cipher.getAuthTag()]).toString("base64url");
  }

  /** Decrypts a sealed text; undefined = it was sealed with another secret or was modified. */
  open(sealed: string): string | undefined {
    const bytes = Buffer.from(sealed, "base64url");
    if (bytes.length < 28) return undefined;
    try {
      const decipher = createDecipheriv("aes-256-gcm", this.#sealKey(), bytes.subarray(0, 12));
      decipher.setAuthTag(bytes.subarray(-16));
      return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString("utf8");
    } catch {
      return undefined;
    }
  }

  #sealKey(): Uint8Array {
    return createHmac("sha256", this.#secret).update("seal").digest();
  }
}
