import { describe, expect, test } from "vitest";
import type { Presence } from "./presence.ts";
import { MemoryPresence } from "./presence-memory.ts";

/** Every implementation runs the same tests. */
const implementations: [string, () => Presence][] = [["memory", () => new MemoryPresence()]];

describe.each(implementations)("presence: %s", (_name, make) => {
  const at = async (presence: Presence, ...ids: string[]) => Object.fromEntries(await presence.accessPointsOf(ids));

  test("the highest generation decides where a client is, in any order of reports", async () => {
    const presence = make();
    presence.seen("s-1", "ap-1", 1n);
    presence.seen("s-1", "ap-2", 3n);
    presence.seen("s-1", "ap-1", 2n);
    presence.seen("s-2", "ap-1", (1n << 32n) + 1n);
    await expect.poll(() => at(presence, "s-1", "s-2", "s-3")).toEqual({ "s-1": "ap-2", "s-2": "ap-1" });
  });

  test("keeps the latest handshake of all access points", async () => {
    const presence = make();
    for (const handshake of [0, 50, 20]) presence.heard("s-1", handshake);
    presence.heard("s-2", 0);
    const handshakes = async () => Object.fromEntries(await presence.handshakesOf(["s-1", "s-2", "s-3"]));
    await expect.poll(handshakes).toEqual({ "s-1": 50, "s-2": 0 });
    presence.forget("s-1");
    await expect.poll(handshakes).toEqual({ "s-2": 0 });
  });

  test("forgets an ended session", async () => {
    const presence = make();
    presence.seen("s-1", "ap-1", 1n);
    await expect.poll(() => at(presence, "s-1")).toEqual({ "s-1": "ap-1" });
    presence.forget("s-1");
    await expect.poll(() => at(presence, "s-1")).toEqual({});
  });
});
