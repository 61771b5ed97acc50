import fc from "fast-check";
import { expect, test } from "vitest";
import { type DesiredPeer, PeerBoard } from "./board.ts";

const peer = (sessionId: string, ccnId: string, incarnation = 1): DesiredPeer => ({
  sessionId,
  instanceId: "sag-1",
  ccnId,
  publicKey: new Uint8Array(32),
  addresses: [],
  destinations: [],
  bandwidth: 0,
  leaseUntil: 0,
  incarnation,
  keys: new Map(),
});

test("whoever applies what changed since his revision has what a snapshot has", () => {
  const step = fc.record({
    id: fc.constantFrom("a", "b", "c", "d"),
    ccn: fc.constantFrom("ccn-1", "ccn-2"),
    remove: fc.boolean(),
    reads: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
      const board = new PeerBoard(1);
      const copy = new Map<string, number>();
      let revision = board.revision;
      const catchUp = () => {
        const delta = board.since("ccn-1", revision);
        expect(delta).toBeDefined();
        for (const id of delta?.remove ?? []) copy.delete(id);
        for (const p of delta?.upsert ?? []) copy.set(p.sessionId, p.incarnation);
        revision = delta?.revision ?? revision;
      };
      steps.forEach(({ id, ccn, remove, reads }, index) => {
        const sessionId = `${ccn} ${id}`;
        if (remove) board.change([sessionId], []);
        else board.change([], [{ peer: peer(sessionId, ccn, index), newKey: true }]);
        if (reads) catchUp();
      });
      catchUp();
      expect(new Map([...copy].sort())).toEqual(
        new Map(
          board
            .peersOf("ccn-1")
            .map((p): [string, number] => [p.sessionId, p.incarnation])
            .sort(),
        ),
      );
    }),
  );
});

test("a revision that is forgotten, or was never, wants a snapshot", () => {
  const board = new PeerBoard(1);
  const start = board.revision;
  for (let i = 0; i < 9_000; i++) board.change([], [{ peer: peer("a", "ccn-1", i), newKey: false }]);
  expect(board.since("ccn-1", start)).toBeUndefined();
  expect(board.since("ccn-1", board.revision + 1)).toBeUndefined();
  expect(board.since("ccn-1", board.revision - 100)?.upsert).toHaveLength(1);
  expect(board.since("ccn-1", board.revision)).toMatchObject({ upsert: [], remove: [] });
});

test("ready is about the key in force, gone about the removal", () => {
  const board = new PeerBoard(1);
  const first = board.change([], [{ peer: peer("a", "ccn-1"), newKey: true }]);
  board.change([], [{ peer: peer("a", "ccn-1"), newKey: false }]);
  expect(board.keyedAt("a")).toBe(first);
  const last = board.change(["a"], []);
  expect([board.keyedAt("a"), board.removedAt("a")]).toEqual([Number.POSITIVE_INFINITY, last]);
  expect(board.removedAt("of a former process")).toBe(0);
});
