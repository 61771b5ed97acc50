import { causeTable } from "../common/causes/table.ts";
import { outputIsClosed } from "../common/closed-output.ts";
import { ctlTexts } from "../common/text/ctl.ts";

let trouble: NodeJS.ErrnoException | undefined;
let remedy = "";

/** Records the first error of writing to stdout. */
export function watchResults(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    trouble ??= error;
  });
}

/**
 * Writes a result of sagctl or sag-cloud to stdout. `once` is for output that is shown only once, such as a secret: it says what
 * to do if the output is lost. Leave it out if running the command again shows the same result.
 */
export function printResult(text: string, once?: string): void {
  if (once !== undefined) remedy = once;
  process.stdout.write(text);
}

/**
 * Waits until stdout is written. If that failed, reports it on stderr and returns the exit code, otherwise undefined. A closed
 * pipe (`| head`) is a failure only for output that is shown once.
 */
export async function lostResults(): Promise<number | undefined> {
  const last = await new Promise<NodeJS.ErrnoException | null | undefined>((resolve) =>
    process.stdout.write("", resolve),
  );
  const error = trouble ?? last ?? undefined;
  if (!error || (error.code === "EPIPE" && remedy === "")) return undefined;
  const { closed, diskFull, notWritten } = ctlTexts.output.lost;
  const why = outputIsClosed() ? closed : error.code === "ENOSPC" ? diskFull : error.message;
  process.stderr.write(`${[notWritten(why), remedy].filter(Boolean).join("\n")}\n`);
  return causeTable.storage_full.exit;
}
