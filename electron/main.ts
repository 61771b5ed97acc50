import { createClient } from "./core/client.ts";
import { systemEnvironment } from "./core/environment.ts";
import { startApp } from "./shell/app.ts";

/** The desktop app: core as the person has it on this machine, and the shell around it. */
const environment = systemEnvironment();

await startApp({
  client: () => createClient({ environment }),
  folder: import.meta.dirname,
  config: environment.configDir,
});
