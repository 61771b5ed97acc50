import type { Cause } from "#proto/types/v1/cause_pb.js";
import type { Message } from "./say.ts";

/** The names of sag.types.v1.Cause in lower case, as in scripts and logs. */
export type CauseCode = Exclude<Lowercase<keyof typeof Cause & string>, "unspecified">;

/** A session that the person could end to get below the session limit. */
export interface RunningSession {
  sessionId: string;
  deviceName: string;
  /** ms since the session began. */
  ageMs: number;
  clientAddress: string;
}

export interface RefusalDetails {
  /** ms after which a retry makes sense. */
  retryAfterMs?: number;
  /** Name of the device that took over; only with `replaced`. */
  deviceName?: string;
  /** Only with `session_limit`. */
  sessions?: RunningSession[];
  /**
   * The argument at fault; with `invalid_argument`, `second_factor_required` and, for a code sent by mail, `bad_credentials`.
   */
  field?: string;
}

/**
 * An expected failure with its cause code. It is thrown so that it rolls back the transaction on its way out; the outer layers
 * (Connect, admin socket, command line) convert it to their own form.
 */
export class Refusal extends Error {
  readonly code: CauseCode;
  readonly said: Message;
  readonly details: RefusalDetails;

  constructor(code: CauseCode, said: Message, details: RefusalDetails = {}) {
    super(said.text);
    this.name = "Refusal";
    this.code = code;
    this.said = said;
    this.details = details;
  }
}

/** A refusal of a command line that says itself what to do; this replaces the action of its cause. */
export class Advised extends Refusal {
  readonly action: string;

  constructor(code: CauseCode, said: Message, action: string) {
    super(code, said);
    this.name = "Advised";
    this.action = action;
  }
}

/** An `invalid_argument` refusal for the named argument. */
export function invalid(field: string, said: Message): Refusal {
  return new Refusal("invalid_argument", said, { field });
}
