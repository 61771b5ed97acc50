import type { ResourceKind } from "#proto/client/v1/session_pb.js";
import type { Cause } from "#proto/types/v1/cause_pb.js";
import type { Blocking, Fixer, HopKind, Mode, Phase, WarningCode } from "#proto/types/v1/state_pb.js";

/** The names of a contract's enum in lower case, so that they are not listed a second time. */
type Word<E> = Exclude<Lowercase<keyof E & string>, "unspecified">;

export type CauseCode = Word<typeof Cause>;
export type PhaseWord = Word<typeof Phase>;
export type BlockingWord = Word<typeof Blocking>;
export type ModeWord = Word<typeof Mode>;
export type FixerWord = Word<typeof Fixer>;
export type HopWord = Word<typeof HopKind>;
export type ResourceWord = Word<typeof ResourceKind>;
export type WarningWord = Word<typeof WarningCode>;
