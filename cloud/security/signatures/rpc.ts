import { createHmac } from "node:crypto";
import { say } from "../../base/say.ts";
import {
  canonicalQuery,
  percentEncode,
  type SignatureClaim,
  type SignatureProblem,
  type SignedRequest,
} from "./canonical.ts";

/** The older signature scheme: HMAC-SHA1 over all parameters, with `Signature`, `AccessKeyId` etc. among the parameters. */
export function readRpc(request: SignedRequest): SignatureClaim | SignatureProblem {
  const all = new Map([...request.query, ...request.form]);
  const accessKeyId = all.get("AccessKeyId") ?? "";
  const signature = all.get("Signature") ?? "";
  if (accessKeyId === "") return { code: "MissingAccessKeyId", said: say("signature_no_key") };
  if (signature === "")
    return { code: "IncompleteSignature", said: say("signature_field_missing", { name: "Signature" }) };
  if (all.get("SignatureMethod") !== "HMAC-SHA1" || all.get("SignatureVersion") !== "1.0") {
    return { code: "IncompleteSignature", said: say("signature_method") };
  }
  for (const name of ["Timestamp", "SignatureNonce"]) {
    if (!all.get(name)) return { code: "IncompleteSignature", said: say("signature_field_missing", { name }) };
  }
  all.delete("Signature");
  return {
    accessKeyId,
    signature,
    stringToSign: `${request.method}&${percentEncode("/")}&${percentEncode(canonicalQuery(all))}`,
    date: all.get("Timestamp") ?? "",
    nonce: all.get("SignatureNonce") ?? "",
  };
}

export function signRpc(stringToSign: string, secret: string): string {
  return createHmac("sha1", `${secret}&`).update(stringToSign).digest("base64");
}
