import { causeTable } from "../common/causes/table.ts";
import { outputIsClosed } from "../common/closed-output.ts";
import { ctlTexts } from "../common/text/ctl.ts";

let trouble: NodeJS.ErrnoException | undefined;
let remedy = "";

/** Notes the first failure to write a result. */
export function watchResults(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    trouble ??= error;
  });
}

/**
 * Writes a result of sagctl or sag-cloud to standard output. `once`: for what is shown this once, what to do when it is lost; undefined =
 * the same command shows it again.
 */
export function printResult(text: string, once?: string): void {
  if (once !== undefined) remedy = once;
  process.stdout.write(text);
}

/**
 * Waits until the results are written. Returns the exit code for a loss, after telling it on standard error; undefined = there was none. A
 * closed pipe (`| head`) is one only for what is shown once: elsewhere the reader has read enough.
 */
export async function lostResults(): Promise<number | undefined> {
  const last = await new Promise<NodeJS.ErrnoException | null | undefined>((resolve) =>
    process.stdout.write("", resolve),
  );
  const error = trouble ?? last ?? undefined;
  if (!error || (error.code === "EPIPE" && remedy === "")) return undefined;
  const why = outputIsClosed() ? ctlTexts.output.lost.closed : error.message;
  process.stderr.write(`${[ctlTexts.output.lost.notWritten(why), remedy].filter(Boolean).join("\n")}\n`);
  return causeTable.storage_full.exit;
}
