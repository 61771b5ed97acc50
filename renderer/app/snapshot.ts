import type { Change, Delta, IntranetView, Snapshot, TrafficPoint } from "../../electron/bridge.ts";

/** Time span of the graph, ms. */
export const trafficSpan = 5 * 60_000;

/** Applies a delta to a snapshot; null = they do not match, and a new snapshot is needed. */
export const applied = (snapshot: Snapshot, delta: Delta): Snapshot | null => {
  if (delta.epoch !== snapshot.epoch) return null;
  // Already in the snapshot, which main made after sending this delta.
  if (delta.revision <= snapshot.revision) return snapshot;
  if (delta.revision !== snapshot.revision + 1) return null;
  return { ...changed(snapshot, delta.change), revision: delta.revision };
};

const changed = (snapshot: Snapshot, change: Change): Snapshot => {
  switch (change.kind) {
    case "intranet":
      return {
        ...snapshot,
        intranets: put(snapshot.intranets, change.intranet),
        selected: snapshot.selected ?? change.intranet.state.intranetId,
        traffic: { ...snapshot.traffic, [change.intranet.state.intranetId]: points(snapshot, change) },
      };
    case "removed":
      return { ...snapshot, intranets: snapshot.intranets.filter((view) => idOf(view) !== change.intranetId) };
    case "selected":
      return { ...snapshot, selected: change.intranetId };
    case "preferences":
      return { ...snapshot, preferences: change.preferences };
    case "browsers":
      return { ...snapshot, browsers: change.browsers };
    case "lockdown":
      return { ...snapshot, lockdown: change.lockdown };
    case "invitation":
      return { ...snapshot, invitation: change.invitation };
    case "page":
      return { ...snapshot, page: change.page };
  }
};

const idOf = (view: IntranetView): string => view.state.intranetId;

const put = (intranets: IntranetView[], intranet: IntranetView): IntranetView[] => {
  const at = intranets.findIndex((view) => idOf(view) === idOf(intranet));
  return at < 0 ? [...intranets, intranet] : intranets.with(at, intranet);
};

const points = (snapshot: Snapshot, change: Extract<Change, { kind: "intranet" }>): TrafficPoint[] => {
  const point = change.traffic;
  if (!point) return [];
  const id = idOf(change.intranet);
  const before = snapshot.intranets.find((view) => idOf(view) === id);
  const same = before?.state.session?.id === change.intranet.state.session?.id;
  const known = same ? (snapshot.traffic[id] ?? []) : [];
  const kept = known.filter((entry) => entry.at >= point.at - trafficSpan - 2000);
  // Keeps about one point a second: a point that comes sooner replaces the last.
  const lastButOne = kept.at(-2);
  return lastButOne && point.at - lastButOne.at < 1200 ? [...kept.slice(0, -1), point] : [...kept, point];
};
