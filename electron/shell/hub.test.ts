import { expect, test } from "vitest";
import { connected, contosoId, disconnected, session } from "../../test/app/fake/sample.ts";
import type { Delta } from "../bridge.ts";
import { failureView } from "../core/causes/failure.ts";
import { Hub } from "./hub.ts";
import { defaultPreferences } from "./preferences.ts";

const make = (now = 1_000_000) => {
  const clock = { now };
  const hub = new Hub({
    version: "0.1.0",
    platform: "linux",
    preferences: defaultPreferences,
    browsers: { supported: true, intranetId: null, refused: false },
    selected: null,
    now: () => clock.now,
  });
  const deltas: Delta[] = [];
  hub.subscribe((delta) => deltas.push(delta));
  return { hub, clock, deltas };
};

test("sends one snapshot, then every change with the next revision", () => {
  const { hub, deltas } = make();
  hub.apply({ kind: "snapshot", states: [disconnected()] });
  const { revision, epoch } = hub.snapshot();
  hub.apply({ kind: "changed", state: connected() });
  hub.select(contosoId);
  expect(deltas.slice(-2).map((delta) => [delta.epoch, delta.revision])).toEqual([
    [epoch, revision + 1],
    [epoch, revision + 2],
  ]);
});

test("keeps the start of a session constant while its age is updated", () => {
  const { hub, clock } = make();
  hub.apply({ kind: "changed", state: connected({ session: session({ sinceMs: 5_000 }) }) });
  clock.now += 1_000;
  hub.apply({ kind: "changed", state: connected({ session: session({ sinceMs: 6_400 }) }) });
  expect(hub.snapshot().intranets[0]?.since).toBe(995_000);
});

test("counts from the end of an outage, not through it", () => {
  const { hub, clock } = make();
  const since = () => hub.snapshot().intranets[0]?.since;
  hub.apply({ kind: "changed", state: connected({ session: session({ sinceMs: 5_000 }) }) });
  hub.apply({ kind: "changed", state: connected({ phase: "reconnecting", session: session({ sinceMs: 60_000 }) }) });
  clock.now += 60_000;
  hub.apply({ kind: "changed", state: connected({ session: session({ sinceMs: 0 }) }) });
  expect(since()).toBe(1_060_000);
});

test("keeps why a disconnect was refused until the phase changes", () => {
  const { hub } = make();
  const refused = () => hub.snapshot().intranets[0]?.refused?.cause ?? null;
  hub.apply({ kind: "changed", state: connected() });
  hub.refuse(contosoId, failureView("not_permitted"));
  hub.apply({ kind: "changed", state: connected({ rxBytes: 2_000_000 }) });
  expect(refused()).toBe("not_permitted");
  hub.apply({ kind: "changed", state: disconnected() });
  expect(refused()).toBeNull();
});

test("labels two intranets with the same name differently while there are two", () => {
  const { hub, deltas } = make();
  hub.apply({ kind: "changed", state: disconnected() });
  hub.apply({
    kind: "changed",
    state: disconnected({ intranetId: "other001", intranet: "contoso-2", userName: "bob" }),
  });
  const labels = () => hub.snapshot().intranets.map((view) => view.label);
  expect(labels()).toEqual(["Contoso (anna)", "Contoso (bob)"]);
  const changed = deltas.flatMap(({ change }) => (change.kind === "intranet" ? [change.intranet.label] : []));
  expect(changed).toEqual(["Contoso", "Contoso (bob)", "Contoso (anna)"]);
  hub.apply({ kind: "removed", intranetId: "other001" });
  expect(labels()).toEqual(["Contoso"]);
});

test("returns a pending invitation or page only once", () => {
  const { hub } = make();
  hub.offer("sag://enroll?x", true);
  expect(hub.snapshot().invitation).toBe("sag://enroll?x");
  expect(hub.snapshot().invitation).toBeNull();
});

test("removes intranets that are missing in a new snapshot", () => {
  const { hub } = make();
  hub.apply({ kind: "snapshot", states: [disconnected(), disconnected({ intranetId: "other001" })] });
  hub.apply({ kind: "snapshot", states: [disconnected({ intranetId: "other001" })] });
  expect(hub.states.map((state) => state.intranetId)).toEqual(["other001"]);
  expect(hub.selected).toBe("other001");
});
