import { expect, test } from "vitest";
import { connected, disconnected, failed } from "../../test/app/fake/sample.ts";
import { failureView } from "../core/causes/failure.ts";
import { warningView } from "../core/causes/warnings.ts";
import { noticesOf } from "./notices.ts";

const soon = connected({ warnings: [warningView("expires_soon")] });

test.each([
  ["a requested disconnect", connected(), disconnected(), []],
  ["a requested connect", disconnected(), connected(), []],
  ["a failure while the user connects", disconnected({ phase: "connecting" }), failed("no_network"), []],
  ["lost", connected(), failed("no_network"), ["No longer connected to Contoso"]],
  [
    "lost after reconnecting",
    connected({ phase: "reconnecting" }),
    failed("no_network"),
    ["No longer connected to Contoso"],
  ],
  ["ended by another device", connected(), failed("replaced"), ["Your session with Contoso has ended"]],
  ["ends soon", connected(), soon, ["Your sign-in to Contoso ends soon"]],
  ["ends soon, unchanged", soon, soon, []],
  ["ends soon, known at the start", null, soon, []],
  ["a message", connected(), connected({ notice: "Hi" }), ["Message from the administrator of Contoso"]],
  ["the same message", connected({ notice: "Hi" }), connected({ notice: "Hi" }), []],
])("%s", (_, before, after, titles) => {
  expect(noticesOf(before, after).map((notice) => notice.title)).toEqual(titles);
});

test("shortens long texts", () => {
  const cause = failureView("kicked", { text: "x".repeat(1000) });
  expect(noticesOf(connected(), failed("kicked", { cause }))[0]?.body.length).toBeLessThanOrEqual(300);
});
