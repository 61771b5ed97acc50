import { describe, expect, test } from "vitest";
import type { Change, Snapshot } from "../../electron/bridge.ts";
import { connected, contosoId, disconnected, session } from "../../test/app/fake/sample.ts";
import { applied, trafficSpan } from "./snapshot.ts";

const snapshot = (over: Partial<Snapshot> = {}): Snapshot => ({
  epoch: "e1",
  revision: 7,
  version: "0.1.0",
  platform: "linux",
  intranets: [{ state: connected(), label: "Contoso", resources: [], since: 0, refused: null }],
  selected: contosoId,
  preferences: { launchAtLogin: false, connectAtStart: false, startHidden: false, theme: "system" },
  browsers: { supported: true, intranetId: null, refused: false },
  lockdown: null,
  traffic: {},
  invitation: null,
  page: null,
  ...over,
});
const change: Change = {
  kind: "intranet",
  intranet: { state: disconnected(), label: "Contoso", resources: [], since: null, refused: null },
  traffic: null,
};

describe("a delta", () => {
  test("with the next revision is applied", () => {
    const next = applied(snapshot(), { epoch: "e1", revision: 8, change });
    expect(next?.revision).toBe(8);
    expect(next?.intranets[0]?.state.phase).toBe("disconnected");
  });

  test.each([
    ["of another run of main", "e2", 8],
    ["after a gap", "e1", 9],
  ])("%s requests a new snapshot", (_, epoch, revision) => {
    expect(applied(snapshot(), { epoch, revision, change })).toBeNull();
  });

  test("that the snapshot already contains changes nothing", () => {
    const before = snapshot();
    expect(applied(before, { epoch: "e1", revision: 7, change })).toBe(before);
  });

  test("for an unknown intranet adds it, and selects it if it is the first", () => {
    const empty = snapshot({ intranets: [], selected: null });
    expect(applied(empty, { epoch: "e1", revision: 8, change })).toMatchObject({ selected: contosoId });
  });

  test("can remove an intranet", () => {
    const next = applied(snapshot(), { epoch: "e1", revision: 8, change: { kind: "removed", intranetId: contosoId } });
    expect(next?.intranets).toEqual([]);
  });
});

describe("traffic", () => {
  const tick = (at: number, id = "ses-1f0c2a9e"): Change => ({
    kind: "intranet",
    intranet: {
      state: connected({ session: session({ id }) }),
      label: "Contoso",
      resources: [],
      since: 0,
      refused: null,
    },
    traffic: { at, rxBytes: at, txBytes: 0 },
  });

  test("keeps exactly the points that the graph shows", () => {
    let now = snapshot();
    for (let second = 0; second < 1000; second += 1) {
      const next = applied(now, { epoch: "e1", revision: now.revision + 1, change: tick(second * 1000) });
      if (!next) throw new Error("it did not fit");
      now = next;
    }
    expect(now.traffic[contosoId]?.length).toBeLessThanOrEqual(trafficSpan / 1000 + 4);
  });

  test("starts over with a new session", () => {
    const first = applied(snapshot(), { epoch: "e1", revision: 8, change: tick(1000) });
    const second = first && applied(first, { epoch: "e1", revision: 9, change: tick(2000, "ses-other") });
    expect(second?.traffic[contosoId]).toHaveLength(1);
  });
});
