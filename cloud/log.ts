import type { Log } from "./domain/context.ts";

/** One JSON object a line on stderr. */
export const jsonLog: Log = (level, message, fields) => {
  process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), level, message, ...fields })}\n`);
};
