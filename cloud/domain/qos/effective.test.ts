import { expect, test } from "vitest";
import type { QosCar, QosPolicy } from "../../store/shapes-traffic.ts";
import { classesAt } from "./effective.ts";

const noon = Date.parse("2026-07-14T12:00:00Z");

const car = (id: string, priority: number, more: Partial<QosCar> = {}): QosCar => ({
  ...{ id, qosId: "qos-1", name: id, description: "", priority, limitType: "Absolute", minAbs: 2, maxAbs: 6 },
  ...{ minPercent: null, maxPercent: null, percentSource: "CcnBandwidth", createdAt: 0, ...more },
});

const policy = (id: string, priority: number, startTime = "", endTime = ""): QosPolicy => ({
  ...{ id, qosId: "qos-1", name: id, description: "", priority, protocol: "ALL", startTime, endTime, createdAt: 0 },
  ...{ sourceCidr: "0.0.0.0/0", destCidr: "0.0.0.0/0", sourcePorts: "-1/-1", destPorts: "-1/-1" },
  ...{ dpiGroupIds: "[]", dpiSignatureIds: '["7"]' },
});

/** Ids of the classes and of their rules. */
const made = (cars: QosCar[], policies: QosPolicy[], now = noon) => {
  const { classes, changesAt } = classesAt(cars, policies, now);
  return { classes: classes.map(({ id, rules }) => [id, rules.map((rule) => rule.id)]), changesAt };
};

test("a classification rule belongs to the throttling rule of its priority", () => {
  const cars = [car("calls", 1), car("rest", 3)];
  expect(made(cars, [policy("rtp", 1), policy("sip", 1), policy("nothing", 2), policy("all", 3)])).toEqual({
    classes: [
      ["calls", ["rtp", "sip"]],
      ["rest", ["all"]],
    ],
    changesAt: null,
  });
});

test("of several throttling rules with the same priority, the first takes effect", () => {
  expect(made([car("older", 1), car("newer", 1)], [policy("rtp", 1)]).classes).toEqual([["older", ["rtp"]]]);
});

test("rules apply from their start until just before their end", () => {
  const [start, end] = ["2026-07-14T20:00:00+0800", "2026-07-14T15:00:00+02:00"];
  const at = (now: number) => made([car("calls", 1)], [policy("rtp", 1, start, end)], now);
  const hour = 3_600_000;
  expect(at(noon - 1)).toEqual({ classes: [["calls", []]], changesAt: noon });
  expect(at(noon)).toEqual({ classes: [["calls", ["rtp"]]], changesAt: noon + hour });
  expect(at(noon + hour - 1)).toEqual({ classes: [["calls", ["rtp"]]], changesAt: noon + hour });
  expect(at(noon + hour)).toEqual({ classes: [["calls", []]], changesAt: null });
});

test("the next change is the earliest of all rules that have an effect", () => {
  const policies = [
    policy("never", 7, "2026-07-14T12:00:01Z"),
    policy("later", 1, "2026-07-15T12:00:00Z"),
    policy("ends", 1, "", "2026-07-14T18:00:00Z"),
  ];
  expect(made([car("calls", 1)], policies)).toEqual({
    classes: [["calls", ["ends"]]],
    changesAt: Date.parse("2026-07-14T18:00:00Z"),
  });
});

test("a limit is in Mbit/s or in percent of a bandwidth", () => {
  const percent = { limitType: "Percent", minAbs: null, maxAbs: null, minPercent: 10, maxPercent: 90 };
  const { classes } = classesAt([car("a", 1), car("b", 2, percent)], [policy("rtp", 1)], noon);
  expect(classes.map(({ limit }) => limit)).toEqual([
    { type: "Absolute", min: 2, max: 6 },
    { type: "Percent", min: 10, max: 90, of: "CcnBandwidth" },
  ]);
  expect(classes[0]?.rules[0]).toMatchObject({ protocol: "ALL", dpiSignatureIds: ["7"] });
});
