import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Refusal } from "../base/cause.ts";
import { say } from "../base/say.ts";

const run = promisify(execFile);

/** Runs tar. `folder` is where it writes, for the message if the disk is full. */
export async function tar(args: readonly string[], folder: string): Promise<void> {
  try {
    await run("tar", [...args], { env: { ...process.env, LC_ALL: "C" } });
  } catch (error) {
    const said = error instanceof Error && "stderr" in error ? String(error.stderr) : "";
    if (/No space left on device|Disk quota exceeded/.test(said)) {
      throw new Refusal("storage_full", say("storage_full", { path: folder }));
    }
    const first = said.split("\n").find((line) => line.trim() !== "");
    if (first === undefined) throw error;
    throw new Refusal("storage_damaged", say("archive_unusable", { reason: first.replace(/\.$/, "") }));
  }
}
