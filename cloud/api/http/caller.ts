import { createContextKey, type HandlerContext } from "@connectrpc/connect";
import { type CauseCode, Refusal } from "../../base/cause.ts";
import { say } from "../../base/say.ts";

/** Address that the request came from. */
export const remoteAddress = createContextKey("unknown");

/** Whether the request was decoded and reached its handler; a later failure is not due to a malformed request. */
export const wasRead = createContextKey(false);

/** Called with the owner of a valid token; the connection then counts towards the owner's limit instead of its address's. */
export const proveConnection = createContextKey<Prove>(() => {});

/** `owner` is the id of an account or an access point. */
export type Prove = (owner: string) => void;

/** Owner of the request's token, set once the handler has verified it; "" = no valid token. */
export const tokenOwner = createContextKey("");

/** The bearer token of a request; without one, refuses with the cause `missing`. */
export function bearer(context: HandlerContext, missing: CauseCode): string {
  const match = /^Bearer ([\x21-\x7e]{16,512})$/i.exec(context.requestHeader.get("authorization") ?? "");
  if (!match?.[1]) throw new Refusal(missing, say("request_needs_token"));
  return match[1];
}
