/** What the texts of a cause may speak of. Everything here came from outside: plain text, already cleaned. */
export interface CauseDetails {
  /** The sender's own words, in the active language where it sent a key. */
  text?: string;
  /** The key of these words, where it sent one. */
  key?: string;
  /** ms until it is worth trying again. */
  retryAfterMs?: number;
  /** The device that took over. */
  deviceName?: string;
  /** What it is about: a host, a port, a file, the name of an intranet. */
  subject?: string;
  /** Which of the things sent is meant. */
  field?: string;
  /** Who has it: "nc (process 123)". */
  holder?: string;
  /** Those that could be ended, with `session_limit`. */
  sessions?: readonly unknown[] | undefined;
}

export type CauseMessage = string | ((details: CauseDetails) => string);

export interface CauseText {
  /** What is the matter. */
  message: CauseMessage;
  /** For everybody; in the app a button stands beside it. "" = nothing to do. */
  action: CauseMessage;
  /** What to type instead, where the action at a terminal is another one. */
  command?: CauseMessage;
}

/** Parameters of a message that another program sent; one that is missing is "". */
export type Params = Readonly<Record<string, string>>;

/** Parameters of one message, by name. */
export type P<Name extends string> = Readonly<Record<Name, string>>;

/** Messages that other programs name by key. */
export type Messages = Record<string, string | ((params: Params) => string)>;

/** The same shape with any words in it: what a language provides for an English catalogue. */
export type Translated<T> = T extends string
  ? string
  : T extends (...args: infer Args) => infer Result
    ? (...args: Args) => Translated<Result>
    : { [Key in keyof T]: Translated<T[Key]> };
