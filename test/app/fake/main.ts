import { homedir } from "node:os";
import { join } from "node:path";
import { startApp } from "../../../electron/shell/app.ts";
import { FakeCore } from "./core.ts";
import * as sample from "./sample.ts";

/** The app with a fake core: the same shell and window. */
const core = new FakeCore();
Object.assign(globalThis, { sagFake: core, sagSample: sample });

await startApp({
  client: () => core,
  folder: import.meta.dirname,
  config: join(process.env.XDG_CONFIG_HOME ?? join(homedir(), ".config"), "sag"),
  noteFailure: (what) => core.asked.push({ call: "noteFailure", argument: what }),
});
