import { expect, test } from "vitest";
import { brokenChain, wholeChain } from "../../../test/app/fake/sample.ts";
import { warningView } from "../causes/warnings.ts";
import type { HopView } from "../client/model.ts";
import { currentHops, type HopFacts } from "./hops.ts";

const point = (name: string) => ({ id: `ap-${name}`, name, endpoint: "198.51.100.7:51820", latencyMs: 12 });
const up: HopFacts = { phase: "connected", accessPoint: point("Frankfurt"), warnings: [], answered: true };
const wholeKinds = (hops: HopView[]) => hops.filter((hop) => hop.whole).map((hop) => hop.kind);
const kinds = wholeChain().map((hop) => hop.kind);

test("connected: the hops are those that the cloud described", () => {
  expect(wholeKinds(currentHops(wholeChain().slice(0, 6), up))).toEqual(kinds.slice(0, 6));
  expect(currentHops(brokenChain(), up).find((hop) => hop.kind === "cen")?.missing?.code).toBe("area_needs_bandwidth");
});

test("hops behind the SAG instance are not whole until something has answered", () => {
  expect(wholeKinds(currentHops(wholeChain(), { ...up, answered: false }))).toEqual(kinds.slice(0, 3));
  const one = wholeChain().slice(0, 6);
  expect(wholeKinds(currentHops(one, up))).toEqual(kinds.slice(0, 6));
  // With several networks an answer does not say which of them works.
  expect(wholeKinds(currentHops(wholeChain(), up))).toEqual(kinds.slice(0, 5));
  // An unknown hop hides no broken one behind it.
  const broken = one.map((hop) =>
    hop.kind === "cloud_network" ? { ...hop, whole: false, missing: warningView("acl_denies") } : hop,
  );
  expect(currentHops(broken, { ...up, answered: false }).at(-1)?.missing?.code).toBe("acl_denies");
});

test.each(["reconnecting", "connecting", "failed", "disconnecting"] as const)(
  "%s: hops behind the client are not whole",
  (phase) => {
    const hops = currentHops(wholeChain(), { ...up, phase });
    expect(wholeKinds(hops)).toEqual(["client"]);
    expect(hops.every((hop) => hop.missing === null)).toBe(true);
  },
);

test("the access point hop is the access point in use", () => {
  const hops = currentHops(wholeChain(), { ...up, accessPoint: point("Paris") });
  expect(hops.find((hop) => hop.kind === "access_point")).toMatchObject({ id: "ap-Paris", name: "Paris", whole: true });
});

test("a cloud instance that does not answer is marked, and hops behind it are not whole", () => {
  const hops = currentHops(wholeChain(), { ...up, warnings: [warningView("instance_unreachable")] });
  expect(wholeKinds(hops)).toEqual(["client", "access_point"]);
  expect(hops.filter((hop) => hop.missing).map((hop) => hop.kind)).toEqual(["instance"]);
  expect(hops.find((hop) => hop.kind === "instance")?.missing?.code).toBe("instance_unreachable");
});

test("hops behind the first broken one are not whole, except for parallel cloud networks", () => {
  const broken = (kind: HopView["kind"], id?: string): HopView[] =>
    wholeChain().map((hop) =>
      hop.kind === kind && (!id || hop.id === id) ? { ...hop, whole: false, missing: warningView("acl_denies") } : hop,
    );
  for (const kind of kinds.slice(1, -3)) {
    const hops = currentHops(broken(kind), up);
    expect(wholeKinds(hops)).toEqual(kinds.slice(0, kinds.indexOf(kind)));
    expect(hops.filter((hop) => hop.missing).map((hop) => hop.kind)).toEqual([kind]);
  }
  expect(wholeKinds(currentHops(broken("cloud_network", "vpc-1"), up))).toEqual(kinds.slice(0, 5));
});

test("other warnings do not affect the hops", () => {
  const warnings = [warningView("udp_blocked"), warningView("expires_soon"), warningView("mtu_reduced")];
  expect(currentHops(wholeChain(), { ...up, warnings })).toEqual(currentHops(wholeChain(), up));
});
