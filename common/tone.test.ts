import { expect, test } from "vitest";
import { brokenChain, connected, disconnected, failed, session, wholeChain } from "../test/app/fake/sample.ts";
import { shownState, toneOf } from "./tone.ts";

test("a tunnel that leads nowhere is not called connected, whatever the reason", () => {
  const nowhere = connected({ session: session({ routes: [] }) });
  expect([shownState(nowhere), toneOf(nowhere)]).toEqual(["nothing_reachable", "stopped"]);
  const reconnecting = { ...nowhere, phase: "reconnecting" as const };
  expect([shownState(reconnecting), toneOf(reconnecting)]).toEqual(["reconnecting", "progress"]);
  expect(shownState(connected())).toBe("connected");
});

test("a hop of which nothing is known is no problem, and a broken one is", () => {
  expect(toneOf(connected({ hops: wholeChain() }, false))).toBe("good");
  expect(toneOf(connected({ hops: brokenChain() }))).toBe("caution");
  expect(toneOf(disconnected())).toBe("neutral");
  expect(toneOf(failed("sign_in_expired", { phase: "signed_out" }))).toBe("stopped");
});
