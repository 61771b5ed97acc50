import { Secret } from "./secret.ts";

/** What is kept of a sign-in. Times are ms since 1970: they have to outlast the process. */
export interface SignInTokens {
  refreshToken: Secret;
  accessToken: Secret;
  accessUntil: number;
}

/** Where tokens are kept, by intranet id. */
export interface TokenStore {
  /** Fails when it could not be written to, before anything is asked of the cloud instance. */
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

/** null when it is damaged: then a person signs in again. */
export function decodeTokens(text: string): SignInTokens | null {
  try {
    const { refresh, access, accessUntil } = JSON.parse(text) as Record<string, unknown>;
    if (typeof refresh !== "string" || typeof access !== "string" || typeof accessUntil !== "number") return null;
    return { refreshToken: new Secret(refresh), accessToken: new Secret(access), accessUntil };
  } catch {
    return null;
  }
}
