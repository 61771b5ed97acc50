import { randomBytes } from "node:crypto";
import { open, readFile, rename, stat, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { failureFromSystem, systemCode } from "../causes/system.ts";

/** Reads a small file; undefined if there is none. A file larger than `limit` bytes counts as damaged: "". */
export async function readText(path: string, limit = 1 << 20): Promise<string | undefined> {
  try {
    if ((await stat(path)).size > limit) return "";
    return await readFile(path, "utf8");
  } catch (thrown) {
    if (systemCode(thrown) === "ENOENT") return undefined;
    throw failureFromSystem(thrown, path);
  }
}

/** Replaces a file, readable only for this user. After a power failure it has either the old content or the new. */
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
