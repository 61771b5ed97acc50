import { causeTable } from "../../common/causes/table.ts";
import { outputIsClosed } from "../../common/closed-output.ts";
import { causeCommand } from "../../common/text/cause.ts";
import { texts } from "../../common/text/cli.ts";

/**
 * A result that could not be written is a failure. A closed pipe (`| head`) is not: its reader has read all it
 * wanted.
 */
export function outputLost(error: NodeJS.ErrnoException): number {
  if (error.code === "EPIPE") return 0;
  const isFull = error.code === "ENOSPC" || error.code === "EDQUOT";
  const { closed, diskFull, notWritten } = texts.cli.output;
  const why = outputIsClosed() ? closed : isFull ? diskFull : error.message;
  process.stderr.write(`sag: ${notWritten(why)}\n`);
  if (why === diskFull) process.stderr.write(`     ${causeCommand("storage_full", {})}\n`);
  return causeTable.storage_full.exit;
}
