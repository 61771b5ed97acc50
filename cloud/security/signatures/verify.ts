import { say } from "../../base/say.ts";
import { equalInConstantTime } from "../secret.ts";
import { acs3Algorithm, readAcs3, signAcs3 } from "./acs3.ts";
import type { SignatureClaim, SignatureProblem, SignedRequest } from "./canonical.ts";
import { readRpc, signRpc } from "./rpc.ts";

/** Maximum difference between a request's date and the server's clock, ms. */
export const replayWindow = 15 * 60_000;

export interface Claim extends SignatureClaim {
  kind: "acs3" | "rpc";
  /** Epoch ms. */
  at: number;
}

/** Parses either kind of signature and checks its date against `now` (epoch ms). */
export function readSignature(request: SignedRequest, now: number): Claim | SignatureProblem {
  const authorization = request.headers.get("authorization") ?? "";
  const kind = authorization.startsWith(acs3Algorithm) ? "acs3" : "rpc";
  if (kind === "rpc" && authorization !== "") {
    return { code: "IncompleteSignature", said: say("signature_algorithm", { algorithm: acs3Algorithm }) };
  }
  const claim = kind === "acs3" ? readAcs3(request) : readRpc(request);
  if ("code" in claim) return claim;
  const at = readDate(claim.date);
  if (at === undefined) {
    return { code: "InvalidTimeStamp.Format", said: say("signature_date_form") };
  }
  if (Math.abs(now - at) > replayWindow) {
    return { code: "InvalidTimeStamp.Expired", said: say("signature_date_off") };
  }
  if (claim.nonce.length < 1 || claim.nonce.length > 128) {
    return { code: "IncompleteSignature", said: say("signature_nonce_form") };
  }
  return { ...claim, kind, at };
}

/** Verifies a signature in constant time. */
export function signatureMatches(claim: Claim, secret: string): boolean {
  const expected = claim.kind === "acs3" ? signAcs3(claim.stringToSign, secret) : signRpc(claim.stringToSign, secret);
  return equalInConstantTime(claim.signature, expected);
}

function readDate(text: string): number | undefined {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)Z$/.exec(text);
  if (!match?.[1]) return undefined;
  const at = Date.parse(text);
  // Date.parse accepts 31 February as 3 March.
  return Number.isNaN(at) || new Date(at).toISOString().slice(0, 19) !== match[1] ? undefined : at;
}
