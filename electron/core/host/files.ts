import { randomBytes } from "node:crypto";
import { open, readFile, rename, stat, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { failureFromSystem, systemCode } from "../causes/system.ts";

/** Content of a small file; undefined when there is none. More than `limit` bytes counts as damaged: "". */
export async function readText(path: string, limit = 1 << 20): Promise<string | undefined> {
  try {
    if ((await stat(path)).size > limit) return "";
    return await readFile(path, "utf8");
  } catch (thrown) {
    if (systemCode(thrown) === "ENOENT") return undefined;
    throw failureFromSystem(thrown, path);
  }
}

/** Replaces a file for this user's eyes only: afterwards there is the old content or the new, also after a power cut. */
export async function writeAtomic(path: string, content: string): Promise<void> {
  const fresh = `${path}.${randomBytes(6).toString("hex")}.new`;
  try {
    const file = await open(fresh, "wx", 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(fresh, path);
    await syncDir(dirname(path));
  } catch (thrown) {
    await unlink(fresh).catch(() => undefined);
    throw failureFromSystem(thrown, path);
  }
}

async function syncDir(path: string): Promise<void> {
  const dir = await open(path, "r");
  try {
    await dir.sync();
  } finally {
    await dir.close();
  }
}

export async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (thrown) {
    if (systemCode(thrown) !== "ENOENT") throw failureFromSystem(thrown, path);
  }
}
