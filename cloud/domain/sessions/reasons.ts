import { type Message, say } from "../../base/say.ts";

/** Why a session or sign-in ended, where its cause alone does not say it. Names are stored and never change. */
const endReasons = {
  password_reset: () => say("password_reset"),
  /** By its owner, from the device that `text` names. */
  ended_from: (text) => say("session_ended_from", { device: text }),
  served_elsewhere: () => say("session_served_elsewhere"),
  bound_elsewhere: () => say("session_bound_elsewhere"),
  account_gone: () => say("account_gone"),
  instance_gone: () => say("instance_gone"),
  instance_locked: () => say("instance_locked"),
  instance_expired: () => say("instance_expired"),
} satisfies Record<string, (text: string) => Message>;

export type EndReason = keyof typeof endReasons;

/** What is said of a stored reason; undefined = there is none, or it is not known here. `text` as in an Ending. */
export const reasonWords = (reason: string | null | undefined, text = ""): Message | undefined =>
  reason && Object.hasOwn(endReasons, reason) ? endReasons[reason as EndReason](text) : undefined;
