import { describe, expect, test } from "vitest";
import type { SessionEvent, SessionEvents } from "./events.ts";
import { MemorySessionEvents } from "./events-memory.ts";

/** Every implementation runs the same tests. */
const implementations: [string, () => SessionEvents][] = [["memory", () => new MemorySessionEvents()]];

describe.each(implementations)("session events: %s", (_name, make) => {
  test("are delivered to the session's subscribers until they unsubscribe", async () => {
    const events = make();
    const heard: [string, SessionEvent][] = [];
    const first = events.subscribe("s-1", "sag-1", (event) => heard.push(["first", event]));
    events.subscribe("s-1", "sag-1", (event) => heard.push(["second", event]));
    events.subscribe("s-2", "sag-2", (event) => heard.push(["other", event]));
    const profile = { kind: "profile", revision: "a" } as const;
    events.publish("s-1", profile);
    await expect
      .poll(() => heard)
      .toEqual([
        ["first", profile],
        ["second", profile],
      ]);
    expect(events.instances()).toEqual(new Set(["sag-1", "sag-2"]));
    first();
    const message = { kind: "message", text: "hello" } as const;
    events.publish("s-1", message);
    await expect.poll(() => heard.slice(2)).toEqual([["second", message]]);
  });

  test("are delivered in the order of publication", async () => {
    const events = make();
    const heard: string[] = [];
    events.subscribe("s-1", "sag-1", (event) => heard.push(event.kind === "message" ? event.text : ""));
    const texts = Array.from({ length: 50 }, (_, i) => String(i));
    for (const text of texts) events.publish("s-1", { kind: "message", text });
    await expect.poll(() => heard).toEqual(texts);
  });

  test("endConnections calls all listeners", async () => {
    const events = make();
    const heard: string[] = [];
    const stop = events.onEndConnections((account) => heard.push(`1 ${account}`));
    events.onEndConnections((account) => heard.push(`2 ${account}`));
    events.endConnections("acc-1");
    await expect.poll(() => heard).toEqual(["1 acc-1", "2 acc-1"]);
    stop();
    events.endConnections("acc-2");
    await expect.poll(() => heard.slice(2)).toEqual(["2 acc-2"]);
  });
});
