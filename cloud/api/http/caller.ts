import { createContextKey, type HandlerContext } from "@connectrpc/connect";
import { type CauseCode, Refusal } from "../../base/cause.ts";
import { say } from "../../base/say.ts";

/** Address the request came from. */
export const remoteAddress = createContextKey("unknown");

/** The call was read and came to its handler: what fails from then on is no longer the caller's writing. */
export const wasRead = createContextKey(false);

/** Reports the owner of a valid token; the connection then counts for that owner and not for its address. */
export const proveConnection = createContextKey<Prove>(() => {});

/** `owner`: an account's or an access point's id. */
export type Prove = (owner: string) => void;

/** Owner of the call's token, once the handler has looked it up; "" = no valid token. */
export const tokenOwner = createContextKey("");

/** The bearer token of a call; `missing` is what to refuse with when there is none. */
export function bearer(context: HandlerContext, missing: CauseCode): string {
  const match = /^Bearer ([\x21-\x7e]{16,512})$/i.exec(context.requestHeader.get("authorization") ?? "");
  if (!match?.[1]) throw new Refusal(missing, say("request_needs_token"));
  return match[1];
}
