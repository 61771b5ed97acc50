import { resolve } from "node:path";
import { Command } from "commander";
import { ctlTexts } from "../common/text/ctl.ts";
import { version } from "./api/hello.ts";
import { run } from "./command-line.ts";
import { list, wholeNumber } from "./ctl/arguments.ts";
import { fail } from "./failures.ts";
import { openLog } from "./logging/log.ts";
import { defaultRotation } from "./logging/rotating.ts";
import { unexpanded } from "./paths.ts";
import { goOnAfterFailures } from "./process.ts";
import { lostResults, printResult } from "./results.ts";
import { serve } from "./serve.ts";
import { checkCompleteness, markClosed } from "./store/completeness.ts";
import { lockDirectory } from "./store/lock.ts";
import { migrate, openStore } from "./store/open.ts";
import { closeStore } from "./store/transaction.ts";
import { inOurWords } from "./usage-words.ts";
import { versionCommand } from "./version-command.ts";

const { server } = ctlTexts;

interface ServeFlags {
  data: string;
  listen: string;
  tlsCert?: string;
  tlsKey?: string;
  tlsNextKey?: string;
  publicUrl?: string;
  adminListen?: string;
  trustedProxy?: string[];
  acceptIncomplete?: boolean;
  logFile?: string;
  logSize?: number;
  logKeep?: number;
  json?: boolean;
}

async function runServe(flags: ServeFlags): Promise<void> {
  // The default action of SIGHUP ends the process. Ignore a hang-up of the terminal; daemons also use SIGHUP to reload their
  // files.
  let reload = () => reopen();
  process.on("SIGHUP", () => reload());
  const megabytes = flags.logSize ?? defaultRotation.maxBytes / 1_048_576;
  const rotation = { maxBytes: Math.max(1, megabytes) * 1_048_576, keep: flags.logKeep ?? defaultRotation.keep };
  const { log, flush, reopen } = openLog(flags.logFile, rotation);
  goOnAfterFailures(log);
  const running = await serve({ ...flags, data: resolve(unexpanded(flags.data, "data")), log });
  reload = () => {
    reopen();
    running.reload();
  };
  const ready = { ready: true, url: running.url, pin: running.pins[0], pid: process.pid, pins: running.pins };
  const { adminUrl, publicUrl, warnings } = running;
  // Print a public URL only if one was given or found.
  const more = { adminUrl, publicUrl, warnings: warnings.length === 0 ? undefined : warnings };
  if (flags.json) printResult(`${JSON.stringify({ ...ready, ...more })}\n`);
  else printResult(`${server.serve.ready(running.url, running.pins[0] ?? "", process.pid)}\n`);
  const lost = await lostResults();
  if (lost !== undefined) {
    // Without the ready line, the caller does not learn the URL or the pin.
    await running.stop();
    process.exit(lost);
  }
  let stopping = false;
  const stop = () => {
    // A second signal ends the process at once.
    if (stopping) process.exit(130);
    stopping = true;
    log("info", "stopping");
    void running.stop().then(
      () => {
        flush();
        process.exit(0);
      },
      (error: unknown) => fail(error, flags.json === true),
    );
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}

async function runMigrate(flags: { data: string; json?: boolean }): Promise<void> {
  const directory = resolve(unexpanded(flags.data, "data"));
  const unlock = lockDirectory(directory);
  checkCompleteness(directory);
  const store = openStore(directory);
  try {
    const applied = await migrate(store, directory);
    await markClosed(store);
    const words = applied.length === 0 ? server.migrate.upToDate : server.migrate.applied(applied.join(", "));
    printResult(flags.json ? `${JSON.stringify({ applied })}\n` : `${words}\n`);
  } finally {
    await closeStore(store);
    unlock();
  }
}

// Files in the data directory must be readable by their owner only.
process.umask(0o077);
const json = process.argv.includes("--json");
const program = new Command("sag-cloud")
  .version(version, "-V, --version", ctlTexts.parser.version)
  .description(server.program);
program
  .command("serve")
  .description(server.serve.what)
  .requiredOption("--data <dir>", server.serve.data)
  .requiredOption("--listen <host:port>", server.serve.listen)
  .option("--tls-cert <file>", server.serve.tlsCert)
  .option("--tls-key <file>", server.serve.tlsKey)
  .option("--tls-next-key <file>", server.serve.tlsNextKey)
  .option("--public-url <url>", server.serve.publicUrl)
  .option("--admin-listen <host:port>", server.serve.adminListen)
  .option("--trusted-proxy <prefix>", server.serve.trustedProxy, list)
  .option("--accept-incomplete", server.serve.acceptIncomplete)
  .option("--log-file <file>", server.serve.logFile)
  .option("--log-size <MiB>", server.serve.logSize, wholeNumber)
  .option("--log-keep <n>", server.serve.logKeep, wholeNumber)
  .option("--json", server.serve.json)
  .action(runServe);
program
  .command("migrate")
  .description(server.migrate.what)
  .requiredOption("--data <dir>", server.migrate.data)
  .option("--json", server.migrate.json)
  .action(runMigrate);
versionCommand(program);
for (const command of [program, ...program.commands]) {
  if (json) command.configureOutput({ writeErr: () => {} });
}
inOurWords(program);

await run(program, json);
