import { expect, test } from "vitest";
import type { AccessPointState } from "../accesspoints/registry.ts";
import { type OfferedAccessPoint, order } from "./description.ts";

const offered = (id: string, number: number, online: boolean, ready: boolean): OfferedAccessPoint => ({
  state: { id, number, online } as AccessPointState,
  probeAddress: "",
  presharedKey: new Uint8Array(),
  ready,
});

test("an access point without a stream comes last, even if chosen or preferred", () => {
  const all = [offered("gone", 1, false, false), offered("late", 2, true, false), offered("ready", 3, true, true)];
  expect(order("", all).map(({ state }) => state.id)).toEqual(["ready", "late", "gone"]);
  expect(order("gone", all, 1).map(({ state }) => state.id)).toEqual(["ready", "late", "gone"]);
  expect(order("late", all, 3).map(({ state }) => state.id)).toEqual(["late", "ready", "gone"]);
  expect(order("", all, 2).map(({ state }) => state.id)).toEqual(["ready", "late", "gone"]);
});
