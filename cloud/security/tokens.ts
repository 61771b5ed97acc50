import { createHmac } from "node:crypto";
import { equalInConstantTime, Secret } from "./secret.ts";

/** s that an access token is good. */
export const accessTokenSeconds = 15 * 60;

/** What a token says of itself before anything was looked up. */
export interface RefreshClaim {
  signInId: string;
  generation: number;
  /** Made here: nobody without the server's secret can have guessed it. */
  authentic: boolean;
}

/**
 * Refresh and access tokens. A refresh token follows from sign-in, generation and the server's secret: so the successor of one
 * that was used twice is known again, and an old one can be told from an invented one, without being stored.
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

  /** What is kept of a one-time code: useless without the server's secret, short as the code is. */
  passwordCode(accountId: string, code: string): string {
    return this.#mac("password-code", accountId, code);
  }

  /** `now`: epoch ms. */
  accessToken(signInId: string, now: number): Secret {
    const expires = now + accessTokenSeconds * 1000;
    return new Secret(`sat_${signInId}.${expires}.${this.#mac("access", signInId, expires)}`);
  }

  /** The sign-in an unexpired access token stands for. */
  readAccessToken(token: string, now: number): string | undefined {
    const match = /^sat_([0-9a-f]{32})\.(\d{1,16})\.([0-9A-Za-z_-]{43})$/.exec(token);
    if (!match?.[1]) return undefined;
    const expires = Number(match[2]);
    if (!equalInConstantTime(match[3] ?? "", this.#mac("access", match[1], expires))) return undefined;
    return expires > now ? match[1] : undefined;
  }
}
