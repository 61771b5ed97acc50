import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { Cause, FailureSchema } from "#proto/types/v1/cause_pb.js";
import type { CauseCode, Refusal } from "../../base/cause.ts";
import { inEnglish } from "../../base/say.ts";
import { toDuration } from "./duration.ts";

/** Connect error codes of causes, for software that knows only the protocol's codes. */
const codes: Partial<Record<CauseCode, Code>> = {
  bad_credentials: Code.Unauthenticated,
  sign_in_expired: Code.Unauthenticated,
  session_expired: Code.Unauthenticated,
  kicked: Code.Unauthenticated,
  replaced: Code.Unauthenticated,
  account_disabled: Code.PermissionDenied,
  password_change_required: Code.FailedPrecondition,
  second_factor_required: Code.FailedPrecondition,
  unknown_code: Code.NotFound,
  not_found: Code.NotFound,
  already_exists: Code.AlreadyExists,
  invalid_argument: Code.InvalidArgument,
  too_many_attempts: Code.ResourceExhausted,
  session_limit: Code.ResourceExhausted,
  address_pool_exhausted: Code.ResourceExhausted,
  storage_full: Code.ResourceExhausted,
  answer_too_large: Code.ResourceExhausted,
  storage_readonly: Code.Unavailable,
  storage_damaged: Code.Unavailable,
  no_access_point: Code.Unavailable,
  protocol_too_old: Code.Unimplemented,
  unknown: Code.Internal,
};

export function causeNumber(code: CauseCode): Cause {
  return Cause[code.toUpperCase() as keyof typeof Cause];
}

/** Converts a refusal to sag.types.v1.Failure. */
export function failureOf(refusal: Refusal) {
  const { retryAfterMs, deviceName, sessions, field } = refusal.details;
  return {
    cause: causeNumber(refusal.code),
    text: refusal.said.text,
    messageKey: refusal.said.key,
    messageParams: inEnglish(refusal.said.params),
    ...(retryAfterMs === undefined ? {} : { retryAfter: toDuration(retryAfterMs) }),
    deviceName: deviceName ?? "",
    field: field ?? "",
    sessions: (sessions ?? []).map((s) => ({
      sessionId: s.sessionId,
      deviceName: s.deviceName,
      age: toDuration(s.ageMs),
      clientAddress: s.clientAddress,
    })),
  };
}

export function toConnectError(refusal: Refusal): ConnectError {
  const code = codes[refusal.code] ?? Code.FailedPrecondition;
  const error = new ConnectError(refusal.message, code);
  error.details = [{ desc: FailureSchema, value: create(FailureSchema, failureOf(refusal)) }];
  return error;
}
