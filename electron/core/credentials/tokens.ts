import { durationMs as protoMs } from "@bufbuild/protobuf/wkt";
import type { SignedIn } from "#proto/client/v1/client_pb.js";
import { Failure } from "../causes/failure.ts";
import type { Environment } from "../host/environment.ts";
import { withLock } from "../host/lock.ts";
import { hello, type InstanceApi } from "../instance/api.ts";
import type { SignInTokens, TokenStore } from "./kept.ts";
import { Secret } from "./secret.ts";

/** An access token that expires within this time is renewed, ms. */
const margin = 5_000;

export function tokensOf(signedIn: SignedIn, now: number): SignInTokens {
  const tokens = signedIn.tokens;
  if (!tokens) throw new Failure("answer_invalid");
  const lifetime = tokens.accessTokenLifetime ? protoMs(tokens.accessTokenLifetime) : 0;
  return {
    refreshToken: new Secret(tokens.refreshToken),
    accessToken: new Secret(tokens.accessToken),
    accessUntil: now + lifetime,
  };
}

export interface AccessTokenRequest {
  environment: Environment;
  intranetId: string;
  store: TokenStore;
  deviceId: string;
  /** Called only if a new token has to be requested. */
  api: () => Promise<InstanceApi>;
  /** An access token that the server refused; a different one is returned. */
  refused?: Secret | undefined;
  signal?: AbortSignal | undefined;
  /** Called with the answer that contained a new token. */
  onRefreshed?: (signedIn: SignedIn, api: InstanceApi) => Promise<void>;
}

/**
 * Returns a valid access token: the stored one, or a new one. Only one process of this user refreshes at a time and
 * the others use its result. If it is killed before storing the new refresh token, the old one still works once
 * within 30 s, because the cloud instance tolerates one reuse.
 */
export async function accessToken(request: AccessTokenRequest): Promise<Secret> {
  const { environment, intranetId, store } = request;
  const usable = (tokens: SignInTokens | null): Secret | null => {
    if (!tokens) throw new Failure("sign_in_expired");
    const isFresh = tokens.accessUntil - margin > environment.now();
    return isFresh && tokens.accessToken.reveal() !== request.refused?.reveal() ? tokens.accessToken : null;
  };
  const kept = usable(await store.read(intranetId));
  if (kept) return kept;
  return withLock(environment, `token-${intranetId}`, async () => {
    const current = await store.read(intranetId);
    const others = usable(current);
    if (others || !current) return others ?? Promise.reject(new Failure("sign_in_expired"));
    await store.check();
    const api = await request.api();
    const answer = await api.refresh(
      { hello, refreshToken: current.refreshToken.reveal(), deviceId: request.deviceId },
      { signal: request.signal },
    );
    if (!answer.signedIn) throw new Failure("answer_invalid", { subject: api.server });
    const tokens = tokensOf(answer.signedIn, environment.now());
    await store.write(intranetId, tokens);
    await request.onRefreshed?.(answer.signedIn, api);
    return tokens.accessToken;
  });
}
