import { expect, test } from "vitest";
import { FakeCore } from "./core.ts";
import { contosoId, disconnected } from "./sample.ts";

// One core serves every file of a worker: an attempt of one that was still waiting told another file's window "connected".
test.each([
  ["disconnecting", (core: FakeCore) => core.disconnect()],
  ["another file's start", (core: FakeCore) => core.reset()],
  ["signing out", (core: FakeCore) => core.signOut()],
])("an attempt to connect that was overtaken by %s says nothing any more", async (_, overtake) => {
  const core = new FakeCore();
  core.put(disconnected());
  core.connectTakes = 5;
  const attempt = core.connect(contosoId);
  await overtake(core);
  core.put(disconnected());
  await attempt;
  expect((await core.states()).map(({ phase }) => phase)).toEqual(["disconnected"]);
});
