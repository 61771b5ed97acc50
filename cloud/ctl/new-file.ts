import { closeSync, fsyncSync, openSync, unlinkSync, writeSync } from "node:fs";
import { ctlTexts } from "../../common/text/ctl.ts";
import { Advised, invalid, Refusal } from "../base/cause.ts";
import { foreign } from "../base/say.ts";
import { unexpanded } from "../paths.ts";
import { storageRefusal } from "../store/failures.ts";

const { errors } = ctlTexts;

/**
 * Creates a file for secrets (mode 0600), runs `work` and writes its result to the file. Never replaces an existing file. The file is
 * opened before `work`, so that nothing is created whose secrets cannot be stored, and removed if `work` fails. `lost` says what to do
 * if writing fails nevertheless.
 */
export async function toNewFile<T>(path: string, work: () => Promise<T>, lost: (made: T) => string): Promise<T> {
  const file = opened(path);
  try {
    const made = await work();
    try {
      writeAll(file, `${JSON.stringify(made)}\n`);
    } catch (error) {
      throw unwritten(error, path, lost(made));
    }
    return made;
  } catch (error) {
    unlinkSync(path);
    throw error;
  } finally {
    closeSync(file);
  }
}

function opened(path: string): number {
  try {
    return openSync(unexpanded(path, "output"), "wx", 0o600);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : "";
    if (code === "EEXIST") {
      throw new Advised("already_exists", foreign(errors.files.exists(path)), errors.files.chooseFile);
    }
    if (code === "ENOENT" || code === "ENOTDIR") throw invalid("output", foreign(errors.files.noFolder(path)));
    throw storageRefusal(error, path) ?? error;
  }
}

function writeAll(file: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
  fsyncSync(file);
}

function unwritten(error: unknown, path: string, remedy: string): Refusal {
  const why = error instanceof Error ? error.message : String(error);
  const code = storageRefusal(error, path)?.code ?? "unknown";
  return new Refusal(code, foreign(`${ctlTexts.output.lost.notWritten(why)} ${remedy}.`));
}
