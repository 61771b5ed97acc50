import { resolve } from "node:path";
import { Command } from "commander";
import { version } from "./api/hello.ts";
import { run } from "./command-line.ts";
import { fail } from "./failures.ts";
import { jsonLog } from "./log.ts";
import { serve } from "./serve.ts";
import { lockDirectory } from "./store/lock.ts";
import { migrate, openStore } from "./store/open.ts";

interface ServeFlags {
  data: string;
  listen: string;
  tlsCert?: string;
  tlsKey?: string;
  adminListen?: string;
  json?: boolean;
}

async function runServe(flags: ServeFlags): Promise<void> {
  const running = await serve({ ...flags, data: resolve(flags.data), log: jsonLog });
  const ready = { ready: true, url: running.url, pin: running.pins[0], pid: process.pid, pins: running.pins };
  const admin = running.adminUrl === undefined ? {} : { adminUrl: running.adminUrl };
  if (flags.json) process.stdout.write(`${JSON.stringify({ ...ready, ...admin })}\n`);
  else process.stdout.write(`sag-cloud is ready at ${running.url} (pin ${running.pins[0]}, pid ${process.pid})\n`);
  let stopping = false;
  const stop = () => {
    // A second signal is from somebody who does not want to wait.
    if (stopping) process.exit(130);
    stopping = true;
    jsonLog("info", "stopping");
    void running.stop().then(
      () => process.exit(0),
      (error: unknown) => fail(error, flags.json === true),
    );
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}

async function runMigrate(flags: { data: string; json?: boolean }): Promise<void> {
  const directory = resolve(flags.data);
  const unlock = lockDirectory(directory);
  const store = openStore(directory);
  try {
    const applied = await migrate(store, directory);
    const words = applied.length === 0 ? "The store is up to date." : `Applied: ${applied.join(", ")}.`;
    process.stdout.write(flags.json ? `${JSON.stringify({ applied })}\n` : `${words}\n`);
  } finally {
    await store.destroy();
    unlock();
  }
}

// Whatever is made in the data directory is for its owner alone.
process.umask(0o077);
const json = process.argv.includes("--json");
process.on("unhandledRejection", (reason) => {
  jsonLog("error", "unhandled", { error: reason instanceof Error ? reason.stack : String(reason) });
});

const program = new Command("sag-cloud").version(version).description("The cloud instance that clients dial to.");
program
  .command("serve")
  .description("run the server")
  .requiredOption("--data <dir>", "data directory; made if missing")
  .requiredOption("--listen <host:port>", "where clients and access points connect; port 0 = any")
  .option("--tls-cert <file>", "certificate chain (PEM) instead of the self-made one")
  .option("--tls-key <file>", "its key (PEM)")
  .option("--admin-listen <host:port>", "answer administrators there and not on --listen")
  .option("--json", "ready line and failures as JSON on stdout")
  .action(runServe);
program
  .command("migrate")
  .description("bring the store in the data directory up to date")
  .requiredOption("--data <dir>", "data directory")
  .option("--json", "JSON on stdout")
  .action(runMigrate);
for (const command of [program, ...program.commands]) {
  command.exitOverride();
  if (json) command.configureOutput({ writeErr: () => {} });
}

await run(program, json);
