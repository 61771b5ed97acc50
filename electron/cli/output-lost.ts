import { causeTable } from "../../common/causes/table.ts";
import { outputIsClosed } from "../../common/closed-output.ts";
import { texts } from "../../common/text/cli.ts";

/**
 * A result that could not be written is a failure. A closed pipe (`| head`) is not: its reader has read all it
 * wanted.
 */
export function outputLost(error: NodeJS.ErrnoException): number {
  if (error.code === "EPIPE") return 0;
  const why = outputIsClosed() ? texts.cli.output.closed : error.message;
  process.stderr.write(`sag: ${texts.cli.output.notWritten(why)}\n`);
  return causeTable.storage_full.exit;
}
