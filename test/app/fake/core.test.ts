import { expect, test } from "vitest";
import { FakeCore } from "./core.ts";
import { contosoId, disconnected } from "./sample.ts";

// All files of a worker share one core, so an attempt that still waited would report "connected" to the next file's
// window.
test.each([
  ["disconnecting", (core: FakeCore) => core.disconnect()],
  ["another file's start", (core: FakeCore) => core.reset()],
  ["signing out", (core: FakeCore) => core.signOut()],
])("an attempt to connect that was superseded by %s reports nothing", async (_, overtake) => {
  const core = new FakeCore();
  core.put(disconnected());
  core.connectTakes = 5;
  const attempt = core.connect(contosoId);
  await overtake(core);
  core.put(disconnected());
  await attempt;
  expect((await core.states()).map(({ phase }) => phase)).toEqual(["disconnected"]);
});
