import { durationMs as protoMs } from "@bufbuild/protobuf/wkt";
import type { SignedIn } from "#proto/client/v1/client_pb.js";
import { Failure } from "../causes/failure.ts";
import type { Environment } from "../host/environment.ts";
import { withLock } from "../host/lock.ts";
import { hello, type InstanceApi } from "../instance/api.ts";
import type { SignInTokens, TokenStore } from "./kept.ts";
import { Secret } from "./secret.ts";

/** An access token with less left than this is not worth trying, ms. */
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
  /** Opened only when a token has to be asked for. */
  api: () => Promise<InstanceApi>;
  /** One that was refused: another one is wanted. */
  refused?: Secret | undefined;
  signal?: AbortSignal | undefined;
  /** Told everything that came with a new token. */
  onRefreshed?: (signedIn: SignedIn, api: InstanceApi) => Promise<void>;
}

/**
 * A good access token: the kept one, or a new one. Of all processes of this user one asks and the others find what it got; the
 * cloud instance's tolerance of one reuse within 30 s catches what a kill in between leaves behind.
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
