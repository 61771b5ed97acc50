import { expect, test } from "vitest";
import { connected, contosoId, disconnected, session } from "../../test/app/fake/sample.ts";
import { TrafficHistory } from "./traffic.ts";

const second = 1000;

test("keeps five minutes with one point a second for any input", () => {
  const history = new TrafficHistory();
  for (let i = 0; i < 3600 * 4; i += 1) history.note(connected({ rxBytes: i }), i * 250);
  const points = history.all()[contosoId] ?? [];
  expect(points.length).toBeGreaterThan(290);
  expect(points.length).toBeLessThan(345);
  expect(points.at(-1)?.rxBytes).toBe(3600 * 4 - 1);
});

test("starts over with a new session, and is empty without one", () => {
  const history = new TrafficHistory();
  history.note(connected(), 0);
  history.note(connected(), 2 * second);
  history.note(connected({ session: session({ id: "other" }) }), 3 * second);
  expect(history.all()[contosoId]).toHaveLength(1);
  expect(history.note(disconnected(), 4 * second)).toBeNull();
  expect(history.all()).toEqual({});
});
