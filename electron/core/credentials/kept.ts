import { Secret } from "./secret.ts";

/** The stored tokens of a sign-in. Times are ms since 1970, because they outlast the process. */
export interface SignInTokens {
  refreshToken: Secret;
  accessToken: Secret;
  accessUntil: number;
}

/** A store for tokens, by intranet id. */
export interface TokenStore {
  /** Throws if the store cannot be written; called before signing in. */
  check(): Promise<void>;
  read(intranetId: string): Promise<SignInTokens | null>;
  write(intranetId: string, tokens: SignInTokens): Promise<void>;
  remove(intranetId: string): Promise<void>;
}

export function encodeTokens(tokens: SignInTokens): string {
  return JSON.stringify({
    refresh: tokens.refreshToken.reveal(),
    access: tokens.accessToken.reveal(),
    accessUntil: tokens.accessUntil,
  });
}

/** null if the text is damaged: the user then has to sign in again. */
export function decodeTokens(text: string): SignInTokens | null {
  try {
    const { refresh, access, accessUntil } = JSON.parse(text) as Record<string, unknown>;
    if (typeof refresh !== "string" || typeof access !== "string" || typeof accessUntil !== "number") return null;
    return { refreshToken: new Secret(refresh), accessToken: new Secret(access), accessUntil };
  } catch {
    return null;
  }
}
