import { causeTable } from "../../../common/causes/table.ts";
import { sentence } from "../../../common/sentence.ts";
import { causeAction, causeCommand, causeMessage, hasCommand } from "../../../common/text/cause.ts";
import type { CauseDetails } from "../../../common/text/types.ts";
import type { CauseCode, FailureView } from "../client/model.ts";

/** The details of a failure besides its cause. */
export interface FailureDetails extends CauseDetails {
  sessions?: FailureView["sessions"];
  /** For `instance_identity_unknown`: the fingerprint for the user to compare. */
  fingerprint?: string;
}

/**
 * A failure with a cause from the table, thrown throughout core. `message` is the table's sentence, never a stack or
 * an internal name.
 */
export class Failure extends Error {
  readonly code: CauseCode;
  readonly details: FailureDetails;

  constructor(code: CauseCode, details: FailureDetails = {}, options?: { cause?: unknown }) {
    const clean = cleanDetails(details);
    super(causeMessage(code, clean), options);
    this.name = "Failure";
    this.code = code;
    this.details = clean;
  }

  get view(): FailureView {
    return failureView(this.code, this.details);
  }
}

/** The texts of a cause. */
export function failureView(code: CauseCode, details: FailureDetails = {}): FailureView {
  const clean = cleanDetails(details);
  return {
    cause: code,
    message: sentence(causeMessage(code, clean)),
    action: causeAction(code, clean),
    fixer: causeTable[code].fixer,
    ...(clean.retryAfterMs === undefined ? {} : { retryAfterMs: clean.retryAfterMs }),
    ...(clean.deviceName ? { deviceName: clean.deviceName } : {}),
    ...(clean.field ? { field: clean.field } : {}),
    ...(clean.text && hasCommand(code) ? { text: clean.text } : {}),
    ...(clean.sessions?.length ? { sessions: clean.sessions } : {}),
  };
}

/** The same with the action for a terminal. */
export function commandView(view: FailureView, details: CauseDetails = {}): FailureView {
  const { text: _, ...printed } = view;
  if (!hasCommand(view.cause)) return printed;
  return { ...printed, action: causeCommand(view.cause, { ...view, ...details }) };
}

export const exitCodeOf = (code: CauseCode): number => causeTable[code].exit;

/**
 * Makes text from elsewhere safe to print: no control or direction characters, one line, at most `limit` characters.
 */
export function plainText(text: string, limit = 1024): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ")
    .trim()
    .slice(0, limit);
}

function cleanDetails(details: FailureDetails): FailureDetails {
  const clean: FailureDetails = { ...details };
  if (details.text !== undefined) clean.text = plainText(details.text);
  if (details.deviceName !== undefined) clean.deviceName = plainText(details.deviceName, 256);
  if (details.field !== undefined) clean.field = plainText(details.field, 256);
  if (details.subject !== undefined) clean.subject = plainText(details.subject, 256);
  if (details.holder !== undefined) clean.holder = plainText(details.holder, 256);
  if (details.sessions) {
    clean.sessions = details.sessions.map((session) => ({
      ...session,
      deviceName: plainText(session.deviceName, 256),
    }));
  }
  return clean;
}
