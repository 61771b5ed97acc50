import type { CauseJson, FailureJson } from "#proto/types/v1/cause_pb.js";
import { causeTable } from "../../../common/causes/table.ts";
import { renderWords } from "../../../common/text/message.ts";
import type { Params } from "../../../common/text/types.ts";
import type { CauseCode, FailureView } from "../client/model.ts";
import { Failure, type FailureDetails } from "./failure.ts";

/** ms of a duration as JSON has it, for example "1.5s". */
export function durationMs(duration: string | undefined): number | undefined {
  if (duration === undefined) return undefined;
  const value = Number.parseFloat(duration);
  return Number.isFinite(value) ? Math.round(value * 1000) : undefined;
}

/** CAUSE_KICKED → kicked. Unknown or malformed values → null. */
export function wordOf(json: unknown, prefix: string): string | null {
  if (typeof json !== "string" || !json.startsWith(prefix)) return null;
  const word = json.slice(prefix.length).toLowerCase();
  return word === "unspecified" ? null : word;
}

export function causeOf(json: CauseJson | string | number | undefined): CauseCode {
  const word = wordOf(json, "CAUSE_");
  return word !== null && Object.hasOwn(causeTable, word) ? (word as CauseCode) : "unknown";
}

/** Converts a failure received by RPC. */
export function failureFromWire(json: FailureJson, subject?: string): Failure {
  const details: FailureDetails = {};
  const text = renderWords({ key: json.messageKey, params: json.messageParams, text: json.text });
  if (text) details.text = text;
  if (json.messageKey) details.key = json.messageKey;
  if (subject) details.subject = subject;
  if (json.field) details.field = json.field;
  if (json.deviceName) details.deviceName = json.deviceName;
  const retryAfterMs = durationMs(json.retryAfter);
  if (retryAfterMs !== undefined) details.retryAfterMs = retryAfterMs;
  if (json.sessions?.length) details.sessions = json.sessions.map(sessionView);
  return new Failure(causeOf(json.cause), details);
}

/**
 * Converts a failure that sag-tunnel printed as a line of JSON: `cause` in lower case, a message, and the message's
 * key and parameters.
 */
export function failureFromLine(line: unknown): Failure {
  const { cause, message, key, params } = (line ?? {}) as Record<string, unknown>;
  const code = typeof cause === "string" && Object.hasOwn(causeTable, cause) ? (cause as CauseCode) : "unknown";
  const text = renderWords({
    ...(typeof message === "string" ? { text: message } : {}),
    ...(typeof key === "string" ? { key } : {}),
    params: typeof params === "object" && params !== null ? (params as Params) : {},
  });
  return new Failure(code, text ? { text } : {});
}

type SessionViews = NonNullable<FailureView["sessions"]>;

function sessionView(json: NonNullable<FailureJson["sessions"]>[number]): SessionViews[number] {
  return {
    id: json.sessionId ?? "",
    deviceName: json.deviceName ?? "",
    ageMs: durationMs(json.age) ?? 0,
    clientIp: json.clientAddress ?? "",
  };
}

/** Body of a Connect answer that is not 200. */
interface ErrorBody {
  code?: unknown;
  message?: unknown;
  details?: unknown;
}

/** Causes for Connect's own error codes, for errors without a Failure detail. */
const byConnectCode: Record<string, CauseCode> = {
  unavailable: "instance_unreachable",
  deadline_exceeded: "instance_unreachable",
  unimplemented: "protocol_too_old",
  permission_denied: "not_permitted",
  invalid_argument: "invalid_argument",
  unauthenticated: "sign_in_expired",
};

/** The failure in the body of a Connect error response; null if the body is not one. */
export async function failureFromErrorBody(body: unknown, subject: string): Promise<Failure | null> {
  if (typeof body !== "object" || body === null) return null;
  const { code, message, details } = body as ErrorBody;
  if (typeof code !== "string") return null;
  for (const detail of Array.isArray(details) ? details : []) {
    const json = await failureDetail(detail);
    if (json) return failureFromWire(json, subject);
  }
  const text = typeof message === "string" ? message : "";
  return new Failure(byConnectCode[code] ?? "unknown", { text, subject });
}

async function failureDetail(detail: unknown): Promise<FailureJson | null> {
  const { type, value } = (detail ?? {}) as { type?: unknown; value?: unknown };
  if (type !== "sag.types.v1.Failure" || typeof value !== "string") return null;
  // The contracts' descriptors are slow to load, so they are loaded only for failures.
  const [{ fromBinary, toJson }, { FailureSchema }] = await Promise.all([
    import("@bufbuild/protobuf"),
    import("#proto/types/v1/cause_pb.js"),
  ]);
  try {
    return toJson(FailureSchema, fromBinary(FailureSchema, Buffer.from(value, "base64")));
  } catch {
    return null;
  }
}
