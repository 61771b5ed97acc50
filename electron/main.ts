import { createClient } from "./core/client/client.ts";
import { systemEnvironment } from "./core/host/environment.ts";
import { Log } from "./core/logs/log.ts";
import { startApp } from "./shell/app.ts";

/** The desktop app: the client of core with this host's environment, and the shell around it. */
const environment = systemEnvironment();

const log = new Log(environment);

await startApp({
  client: () => createClient({ environment }),
  folder: import.meta.dirname,
  config: environment.configDir,
  noteFailure: (what, stack) => log.warn(what, { stack }),
});
