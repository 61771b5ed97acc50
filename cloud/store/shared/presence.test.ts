import { describe, expect, test } from "vitest";
import type { Presence } from "./presence.ts";
import { MemoryPresence } from "./presence-memory.ts";

/** Every implementation goes through the same tests. */
const implementations: [string, () => Presence][] = [["memory", () => new MemoryPresence()]];

describe.each(implementations)("presence: %s", (_name, make) => {
  const at = async (presence: Presence, ...ids: string[]) => Object.fromEntries(await presence.accessPointsOf(ids));

  test("the highest generation says where a client is, in whichever order reports come", async () => {
    const presence = make();
    presence.seen("s-1", "ap-1", 1n);
    presence.seen("s-1", "ap-2", 3n);
    presence.seen("s-1", "ap-1", 2n);
    presence.seen("s-2", "ap-1", (1n << 32n) + 1n);
    await expect.poll(() => at(presence, "s-1", "s-2", "s-3")).toEqual({ "s-1": "ap-2", "s-2": "ap-1" });
  });

  test("a session that is over is forgotten", async () => {
    const presence = make();
    presence.seen("s-1", "ap-1", 1n);
    await expect.poll(() => at(presence, "s-1")).toEqual({ "s-1": "ap-1" });
    presence.forget("s-1");
    await expect.poll(() => at(presence, "s-1")).toEqual({});
  });
});
