import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { at } from "../../build/lib/root.ts";
import { command } from "../harness/command.ts";
import { needsProgram, needsRoot } from "../harness/needs.ts";

/** The number of cached files after each of two runs of `sag`, on a disk of this size, full or not. */
async function filesAfter(size: string, isFull: boolean): Promise<string[]> {
  const dir = mkdtempSync(join(tmpdir(), "sag-disk-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const script = `set -e; mount -t tmpfs -o size=${size} none ${dir}; ${isFull ? `dd if=/dev/zero of=${dir}/fill bs=1k 2> /dev/null || true` : ""}
    for run in 1 2; do XDG_CACHE_HOME=${dir} ${at("bin/sag")} version > /dev/null; find ${dir}/sag -type f 2> /dev/null | wc -l; done`;
  const done = await command(["unshare", "--mount", "sh", "-c", script]);
  expect(done.code, done.stderr).toBe(0);
  return done.stdout.trim().split("\n");
}

it("compiled code is cached once, and not on a full disk", async (context) => {
  needsRoot(context);
  needsProgram(context, "unshare");
  expect(await filesAfter("64k", true)).toEqual(["0", "0"]);
  const [first, second] = await filesAfter("64m", false);
  expect(Number(first)).toBeGreaterThan(0);
  expect(second).toBe(first);
});
