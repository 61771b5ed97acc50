import { parseArgs } from "node:util";
import { buildBundles } from "../../build/build.ts";
import { Trouble } from "../../build/lib/say.ts";
import { buildNative } from "../../build/native.ts";
import { Trial } from "./trial.ts";

/** `npm run trial -- [--keep] [--listen ADDRESS] [--json]`: a real connection from scratch, on this host. */
const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
    listen: { type: "string", default: "127.0.0.1" },
  },
});

/**
 * Interval for checking whether npm, the parent process, is still alive, because it can be killed without passing
 * that on, ms.
 */
const parentInterval = 500;
const parent = process.ppid;

const stopped = Promise.withResolvers<number>();
for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const) {
  process.on(signal, () => stopped.resolve(code));
}
if (process.env.npm_lifecycle_event) {
  setInterval(() => process.ppid !== parent && stopped.resolve(143), parentInterval).unref();
}

const trial = new Trial(values.listen);
let code = 0;
try {
  const work = trial.steps.step(
    "build what is stale",
    async () => void (await Promise.all([buildBundles(), buildNative()])),
  );
  const result = await Promise.race([work.then(() => trial.perform(values.keep)), stopped.promise]);
  if (typeof result === "number") code = result;
  else if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  if (code === 0 && values.keep) await stopped.promise;
} catch (error) {
  code = 1;
  const message = error instanceof Trouble ? error.message : (error as Error).message;
  process.stderr.write(`\nThe trial failed: ${trial.redact(message)}\n`);
  trial.showLogs();
  if (values.json) process.stdout.write(`${JSON.stringify({ ok: false, message: trial.redact(message) })}\n`);
} finally {
  const left = await trial.end();
  // After a signal or a failure a process may be left from an incomplete start; after a success none may be.
  if (left.length > 0 && code === 0) {
    code = 1;
    process.stderr.write(
      `These were left running, and had to be ended: ${left.map((one) => `${one.pid} ${one.command}`).join("; ")}\n`,
    );
  }
  process.exit(code);
}
