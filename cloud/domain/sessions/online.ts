import type { Context } from "../context.ts";

/** A client that is there makes a handshake every two minutes; WireGuard ends keys after three (its REJECT_AFTER_TIME). Ms. */
const silenceMs = 180_000;

/**
 * The sessions whose clients are online: the last handshake, or the start, is less than three minutes ago. A session that no access point
 * has reported on counts as online.
 */
export async function onlineOf<Session extends { id: string; startedAt: number }>(
  { presence, clock }: Pick<Context, "presence" | "clock">,
  running: readonly Session[],
): Promise<Session[]> {
  const handshakes = await presence.handshakesOf(running.map(({ id }) => id));
  const now = clock.now();
  return running.filter(({ id, startedAt }) => {
    const last = handshakes.get(id);
    return last === undefined || now - Math.max(last, startedAt) < silenceMs;
  });
}
