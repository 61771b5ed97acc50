import type { Cause } from "#proto/types/v1/cause_pb.js";
import type { Message } from "./say.ts";

/** The words of sag.types.v1.Cause in lower case, as scripts and logs print them. */
export type CauseCode = Exclude<Lowercase<keyof typeof Cause & string>, "unspecified">;

/** A session that could be ended to make room. */
export interface RunningSession {
  sessionId: string;
  deviceName: string;
  /** ms since it began. */
  ageMs: number;
  clientAddress: string;
}

export interface RefusalDetails {
  /** ms until it is worth trying again. */
  retryAfterMs?: number;
  /** The device that took over; only with `replaced`. */
  deviceName?: string;
  /** Only with `session_limit`. */
  sessions?: RunningSession[];
  /** The argument that is meant; with `invalid_argument`, `second_factor_required` and, of a code by mail, `bad_credentials`. */
  field?: string;
}

/**
 * An expected "no" with its cause code. It is thrown, because it leaves transactions and handlers alike by rolling back;
 * the edges (Connect, admin socket, command line) turn it into their own form.
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

/** Refuses one argument, naming it. */
export function invalid(field: string, said: Message): Refusal {
  return new Refusal("invalid_argument", said, { field });
}
