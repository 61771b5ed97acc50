/** The details that texts of a cause may use. They come from other programs and have been reduced to plain text. */
export interface CauseDetails {
  /** The sender's message, in the active language if it has a known key. */
  text?: string;
  /** The key of that message, if it has one. */
  key?: string;
  /** ms after which a retry makes sense. */
  retryAfterMs?: number;
  /** The device that replaced this session. */
  deviceName?: string;
  /** The object concerned: a host, a port, a file, the name of an intranet. */
  subject?: string;
  /** The command that was called, with its verb: "sag connect". */
  command?: string;
  /** Which input is meant. */
  field?: string;
  /** The program that uses the port: "nc (process 123)". */
  holder?: string;
  /** The sessions that could be ended, with `session_limit`. */
  sessions?: readonly unknown[] | undefined;
}

export type CauseMessage = string | ((details: CauseDetails) => string);

export interface CauseText {
  /** What is wrong. */
  message: CauseMessage;
  /** What to do. The app shows it next to a button. "" = nothing to do. */
  action: CauseMessage;
  /** The command to type, if the action at a terminal differs. */
  command?: CauseMessage;
}

/** Parameters of a message that another program sent; a missing one is "". */
export type Params = Readonly<Record<string, string>>;

/** Parameters of one message, by name. */
export type P<Name extends string> = Readonly<Record<Name, string>>;

/** Messages that other programs refer to by key. */
export type Messages = Record<string, string | ((params: Params) => string)>;

/** The same shape with other texts: what a translation provides for an English catalogue. */
export type Translated<T> = T extends string
  ? string
  : T extends (...args: infer Args) => infer Result
    ? (...args: Args) => Translated<Result>
    : { [Key in keyof T]: Translated<T[Key]> };
