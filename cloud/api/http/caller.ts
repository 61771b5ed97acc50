import { createContextKey, type HandlerContext } from "@connectrpc/connect";
import { type CauseCode, Refusal } from "../../base/cause.ts";

/** Address the request came from. */
export const remoteAddress = createContextKey("unknown");

/** The call was read and came to its handler: what fails from then on is no longer the caller's writing. */
export const wasRead = createContextKey(false);

/** The bearer token of a call; `missing` is what to refuse with when there is none. */
export function bearer(context: HandlerContext, missing: CauseCode): string {
  const match = /^Bearer ([\x21-\x7e]{16,512})$/i.exec(context.requestHeader.get("authorization") ?? "");
  if (!match?.[1]) throw new Refusal(missing, "This call needs a token (Authorization: Bearer …).");
  return match[1];
}
