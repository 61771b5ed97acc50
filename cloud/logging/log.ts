import { resolve } from "node:path";
import { Refusal } from "../base/cause.ts";
import { systemClock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { say } from "../base/say.ts";
import { unexpanded } from "../paths.ts";
import { storageRefusal } from "../store/failures.ts";
import { RotatingFile, type Rotation } from "./rotating.ts";
import { sampled } from "./sampled.ts";

/** Writes one JSON object per line. */
const writing =
  (write: (text: string) => void): Log =>
  (level, message, fields) => {
    write(`${JSON.stringify({ time: new Date().toISOString(), level, message, ...fields })}\n`);
  };

const toStderr = sampled(
  writing((text) => void process.stderr.write(text)),
  systemClock,
);

/** The server's log. `flush` writes the summaries that sampling still has pending. */
export interface ServerLog {
  log: Log;
  flush(): void;
  /** Opens the log file again by its name, after logrotate has moved it. */
  reopen(): void;
}

/** `file` undefined = stderr. Refuses a file that cannot be opened for writing. */
export function openLog(file: string | undefined, rotation: Rotation): ServerLog {
  if (file === undefined) return { ...toStderr, reopen: () => {} };
  const path = resolve(unexpanded(file, "log-file"));
  try {
    const target = new RotatingFile(path, rotation);
    const sampling = sampled(
      writing((text) => target.write(text)),
      systemClock,
    );
    return { ...sampling, reopen: () => target.reopen() };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw (
      storageRefusal(error, path) ??
      new Refusal("not_a_real_path", say("log_file_unusable", { reason: why }), { field: "log-file" })
    );
  }
}
