import { createHash, createHmac } from "node:crypto";
import { type Message, say } from "../../base/say.ts";
import { canonicalQuery, type SignatureClaim, type SignatureProblem, type SignedRequest } from "./canonical.ts";

export const acs3Algorithm = "ACS3-HMAC-SHA256";

/** Headers that must be signed: otherwise the signature could be reused for another operation, time or server. */
const alwaysSigned = [
  "host",
  "x-acs-action",
  "x-acs-content-sha256",
  "x-acs-date",
  "x-acs-signature-nonce",
  "x-acs-version",
];

const sha256 = (data: string | Uint8Array) => createHash("sha256").update(data).digest("hex");

/** Parses `Authorization: ACS3-HMAC-SHA256 Credential=…,SignedHeaders=…,Signature=…`. */
export function readAcs3(request: SignedRequest): SignatureClaim | SignatureProblem {
  const incomplete = (said: Message): SignatureProblem => ({ code: "IncompleteSignature", said });
  const header = request.headers.get("authorization") ?? "";
  const fields = new Map(
    header
      .slice(acs3Algorithm.length)
      .trim()
      .split(",")
      .map((field) => {
        const at = field.indexOf("=");
        return [field.slice(0, at).trim(), field.slice(at + 1).trim()] as const;
      }),
  );
  const accessKeyId = fields.get("Credential") ?? "";
  const signature = fields.get("Signature") ?? "";
  const signedHeaders = (fields.get("SignedHeaders") ?? "").split(";");
  if (accessKeyId === "") return { code: "MissingAccessKeyId", said: say("signature_no_credential") };
  if (!/^[0-9a-f]{64}$/.test(signature)) return incomplete(say("signature_not_hexadecimal"));
  for (const name of alwaysSigned) {
    if (!signedHeaders.includes(name)) return incomplete(say("signature_header_unsigned", { name }));
    if (!request.headers.has(name)) return incomplete(say("signature_header_missing", { name }));
  }
  if (signedHeaders.length > 64) return incomplete(say("signature_headers_too_many"));
  for (const [name] of request.headers) {
    if (
      (name.startsWith("x-acs-") || (name === "content-type" && request.body.length > 0)) &&
      !signedHeaders.includes(name)
    ) {
      return incomplete(say("signature_header_unsigned", { name }));
    }
  }
  const bodyHash = sha256(request.body);
  if (request.headers.get("x-acs-content-sha256") !== bodyHash) {
    return { code: "SignatureDoesNotMatch", said: say("signature_body_hash") };
  }
  return {
    accessKeyId,
    signature,
    stringToSign: `${acs3Algorithm}\n${sha256(canonicalRequest(request, signedHeaders, bodyHash))}`,
    date: request.headers.get("x-acs-date") ?? "",
    nonce: request.headers.get("x-acs-signature-nonce") ?? "",
  };
}

function canonicalRequest(request: SignedRequest, signedHeaders: readonly string[], bodyHash: string): string {
  const names = [...new Set(signedHeaders)].sort();
  const headers = names.map((name) => `${name}:${(request.headers.get(name) ?? "").trim()}\n`).join("");
  return [request.method, request.path, canonicalQuery(request.query), headers, names.join(";"), bodyHash].join("\n");
}

export function signAcs3(stringToSign: string, secret: string): string {
  return createHmac("sha256", secret).update(stringToSign).digest("hex");
}

/** Headers of a signed request, for our own client; `form` is the request's body. */
export function acs3Headers(
  call: {
    host: string;
    action: string;
    version: string;
    query: ReadonlyMap<string, string>;
    date: string;
    nonce: string;
  },
  accessKeyId: string,
  secret: string,
  form: string,
): Record<string, string> {
  const bodyHash = sha256(form);
  const headers: Record<string, string> = {
    host: call.host,
    "content-type": "application/x-www-form-urlencoded",
    "x-acs-action": call.action,
    "x-acs-content-sha256": bodyHash,
    "x-acs-date": call.date,
    "x-acs-signature-nonce": call.nonce,
    "x-acs-version": call.version,
  };
  const request: SignedRequest = {
    method: "POST",
    path: "/",
    query: call.query,
    form: new Map(),
    headers: new Map(Object.entries(headers)),
    body: Buffer.from(form),
  };
  const names = Object.keys(headers).sort();
  const stringToSign = `${acs3Algorithm}\n${sha256(canonicalRequest(request, names, bodyHash))}`;
  const signature = signAcs3(stringToSign, secret);
  headers.authorization = `${acs3Algorithm} Credential=${accessKeyId},SignedHeaders=${names.join(";")},Signature=${signature}`;
  return headers;
}
