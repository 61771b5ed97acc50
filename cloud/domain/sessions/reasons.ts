import { type Message, say } from "../../base/say.ts";

/** Reasons for the end of a session or sign-in that its cause code does not contain. Names are stored; never change them. */
const endReasons = {
  password_reset: () => say("password_reset"),
  /** Ended by the account's owner from the device named in `text`. */
  ended_from: (text) => say("session_ended_from", { device: text }),
  /** The account's owner signed this device out from the one named in `text`. */
  signed_out_from: (text) => say("sign_in_ended_from", { device: text }),
  /** `text` is until when the account is banned and the administrator's text, as banText makes it. */
  banned: (text) => {
    const { until, reason } = banOf(text);
    return reason === "" ? say("session_banned", { until }) : say("session_banned_because", { until, reason });
  },
  /** The account got the fixed address in `text`. */
  address_changed: (text) => say("session_address_changed", { address: text }),
  served_elsewhere: () => say("session_served_elsewhere"),
  bound_elsewhere: () => say("session_bound_elsewhere"),
  account_gone: () => say("account_gone"),
  instance_gone: () => say("instance_gone"),
  instance_locked: () => say("instance_locked"),
  instance_expired: () => say("instance_expired"),
} satisfies Record<string, (text: string) => Message>;

/** The text of a ban: its end (epoch ms) to the minute, and the administrator's text. */
export const banText = (until: number, reason: string): string =>
  `${new Date(Math.ceil(until / 60_000) * 60_000).toISOString().slice(0, 16)}Z ${reason}`;

function banOf(text: string): { until: string; reason: string } {
  const [, day = "", time = "", reason = ""] = /^(\S+)T(\S+)Z (.*)$/s.exec(text) ?? [];
  return { until: `${day} ${time} UTC`, reason };
}

export type EndReason = keyof typeof endReasons;

/** The message for a stored reason; undefined = no reason, or one of a newer version. `text` as in Ending. */
export const reasonWords = (reason: string | null | undefined, text = ""): Message | undefined =>
  reason && Object.hasOwn(endReasons, reason) ? endReasons[reason as EndReason](text) : undefined;
