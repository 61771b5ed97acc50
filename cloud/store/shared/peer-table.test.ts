import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DesiredPeer, PeerTable } from "./peer-table.ts";
import { MemoryPeerTable } from "./peer-table-memory.ts";

const peer = (sessionId: string, ccnId: string, incarnation = 1): DesiredPeer => ({
  sessionId,
  instanceId: "sag-1",
  ccnId,
  publicKey: new Uint8Array(32),
  addresses: [],
  destinations: [],
  lists: [],
  resolvers: [],
  flowLog: null,
  bandwidth: 0,
  accountId: "a",
  leaseUntil: 0,
  incarnation,
  keys: new Map(),
});

/** Every implementation runs the same tests. */
const implementations: [string, (epoch: number) => PeerTable][] = [["memory", (epoch) => new MemoryPeerTable(epoch)]];

describe.each(implementations)("peer table: %s", (_name, make) => {
  test("a delta applied to its revision equals a snapshot", async () => {
    const step = fc.record({
      id: fc.constantFrom("a", "b", "c", "d"),
      ccn: fc.constantFrom("ccn-1", "ccn-2"),
      remove: fc.boolean(),
      reads: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 50 }), async (steps) => {
        const table = make(1);
        const copy = new Map<string, number>();
        let revision = table.revision;
        const catchUp = () => {
          const delta = table.since("ccn-1", revision);
          expect(delta).toBeDefined();
          for (const id of delta?.remove ?? []) copy.delete(id);
          for (const p of delta?.upsert ?? []) copy.set(p.sessionId, p.incarnation);
          revision = delta?.revision ?? revision;
        };
        for (const [index, { id, ccn, remove, reads }] of steps.entries()) {
          const sessionId = `${ccn} ${id}`;
          if (remove) await table.change([sessionId], []);
          else await table.change([], [{ peer: peer(sessionId, ccn, index), newKey: true }]);
          if (reads) catchUp();
        }
        catchUp();
        expect(new Map([...copy].sort())).toEqual(
          new Map(
            table
              .peersOf("ccn-1")
              .map((p): [string, number] => [p.sessionId, p.incarnation])
              .sort(),
          ),
        );
      }),
    );
  });

  test("requires a snapshot for a revision that is unknown or too old", async () => {
    const table = make(1);
    const start = table.revision;
    for (let i = 0; i < 9_000; i++) await table.change([], [{ peer: peer("a", "ccn-1", i), newKey: false }]);
    expect(table.since("ccn-1", start)).toBeUndefined();
    expect(table.since("ccn-1", table.revision + 1)).toBeUndefined();
    expect(table.since("ccn-1", table.revision - 100)?.upsert).toHaveLength(1);
    expect(table.since("ccn-1", table.revision)).toMatchObject({ upsert: [], remove: [] });
  });

  test("keyedAt is the revision of the current key, removedAt that of the removal", async () => {
    const table = make(1);
    const first = await table.change([], [{ peer: peer("a", "ccn-1"), newKey: true }]);
    await table.change([], [{ peer: peer("a", "ccn-1"), newKey: false }]);
    expect(table.keyedAt("a")).toBe(first);
    const last = await table.change(["a"], []);
    expect([table.keyedAt("a"), table.removedAt("a")]).toEqual([Number.POSITIVE_INFINITY, last]);
    expect(table.removedAt("of a former process")).toBe(0);
  });

  test("listeners get the changed CCNs until they unsubscribe", async () => {
    const table = make(1);
    const heard: string[] = [];
    const stop = table.listen((ccnId) => heard.push(ccnId));
    await table.change([], [{ peer: peer("a", "ccn-1"), newKey: true }]);
    await table.change(["a", "never there"], [{ peer: peer("b", "ccn-2"), newKey: true }]);
    expect(heard).toEqual(["ccn-1", "ccn-1", "ccn-2"]);
    stop();
    await table.change(["b"], []);
    expect(heard).toHaveLength(3);
  });

  test("peers loaded at start have their current key", () => {
    const table = make(7);
    table.load([peer("a", "ccn-1"), peer("b", "ccn-2")]);
    expect([table.epoch, table.size, table.peersOf("ccn-1").map((p) => p.sessionId)]).toEqual([7, 2, ["a"]]);
    expect(table.get("b")?.ccnId).toBe("ccn-2");
    expect(table.keyedAt("a")).toBeLessThanOrEqual(table.revision);
  });

  test("applies removals and additions as one revision", async () => {
    const table = make(1);
    await table.change([], [{ peer: peer("a", "ccn-1"), newKey: true }]);
    const before = table.revision;
    expect(await table.change(["a"], [{ peer: peer("b", "ccn-1"), newKey: true }])).toBe(before + 1);
    expect(table.since("ccn-1", before)).toMatchObject({ remove: ["a"], upsert: [{ sessionId: "b" }] });
  });

  test("limits of an instance are a change of each of its peers", async () => {
    const table = make(1);
    for (const [id, ccn] of [
      ["a", "ccn-1"],
      ["b", "ccn-1"],
      ["c", "ccn-2"],
    ] as const) {
      const instanceId = id === "b" ? "sag-2" : "sag-1";
      await table.change([], [{ peer: { ...peer(id, ccn), instanceId }, newKey: true }]);
    }
    const heard: string[] = [];
    table.listen((ccnId) => heard.push(ccnId));
    const before = table.revision;
    expect(table.limits("sag-1")).toBeUndefined();
    const limits = { bandwidth: 1, classes: [] };
    expect(await table.setLimits("sag-1", limits)).toBe(before + 1);
    expect([table.limits("sag-1"), table.limits("sag-2"), heard]).toEqual([limits, undefined, ["ccn-1", "ccn-2"]]);
    expect(table.since("ccn-1", before)).toMatchObject({ remove: [], upsert: [{ sessionId: "a" }] });
    expect(table.keyedAt("a")).toBeLessThan(before);
  });
});
