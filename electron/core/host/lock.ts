import { randomBytes } from "node:crypto";
import { link, readdir, unlink } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { failureFromSystem, systemCode } from "../causes/system.ts";
import { type Environment, makePrivateDir } from "./environment.ts";

/** How long to wait for one holder before going on without the lock, ms. */
const patience = 15_000;

/**
 * Runs `work` while no other process of this user has the same lock.
 * The lock is a listening Unix socket in the runtime directory. The kernel closes it when its process ends, even by
 * kill -9, so no stale process ids have to be checked, and the waiting processes are woken. Each holder takes the
 * number after the last one and removes only lower numbers, so that cleaning up after a dead holder never removes a
 * living one's lock. A holder that hangs is waited for no longer than `patience`; the callers (token refresh,
 * settings) tolerate running without the lock.
 */
export async function withLock<T>(
  environment: Pick<Environment, "runtimeDir" | "uid"> & Partial<Pick<Environment, "spareRuntimeDir">>,
  name: string,
  work: () => Promise<T>,
): Promise<T> {
  const { runtimeDir, uid, spareRuntimeDir } = environment;
  const release = await acquireIn(runtimeDir, uid, name).catch((thrown) => {
    const failure = failureFromSystem(thrown, runtimeDir);
    // On a full disk the lock is taken in the spare directory, which other processes use only when the disk is full
    // for them too. That is better than failing.
    if (failure.code !== "storage_full" || !spareRuntimeDir) throw failure;
    return acquireIn(spareRuntimeDir(), uid, name);
  });
  try {
    return await work();
  } finally {
    release();
  }
}

async function acquireIn(dir: string, uid: number | null, name: string): Promise<() => void> {
  makePrivateDir(dir, uid);
  return acquire(new Place(dir, name));
}

/** The files of one lock. */
class Place {
  readonly #dir: string;
  readonly #prefix: string;

  constructor(dir: string, name: string) {
    this.#dir = dir;
    this.#prefix = `${name}.lock.`;
  }

  path(number: number): string {
    return join(this.#dir, `${this.#prefix}${number}`);
  }

  ownPath(): string {
    return join(this.#dir, `${randomBytes(6).toString("hex")}.own`);
  }

  async numbers(): Promise<number[]> {
    const names = await readdir(this.#dir);
    return names.filter((name) => name.startsWith(this.#prefix)).map((name) => Number(name.slice(this.#prefix.length)));
  }

  /** The highest number; 0 if the lock was never taken. Its file is never removed. */
  async highest(): Promise<number> {
    return Math.max(0, ...(await this.numbers()));
  }
}

/** Waits for the lock and returns the function that releases it. */
async function acquire(place: Place): Promise<() => void> {
  const own = place.ownPath();
  const server = await listen(own);
  const release = (): void => {
    server.close();
    for (const waiter of server.waiters) waiter.destroy();
  };
  try {
    for (;;) {
      const last = await place.highest();
      // The holder hangs: go on without the lock.
      if (last > 0 && !(await isOver(place.path(last)))) return release;
      if (await claim(place, own, last + 1)) return release;
    }
  } catch (thrown) {
    release();
    throw thrown;
  } finally {
    await unlink(own).catch(() => undefined);
  }
}

/** link(2) is atomic, so two processes cannot take the same number. */
async function claim(place: Place, own: string, number: number): Promise<boolean> {
  try {
    await link(own, place.path(number));
  } catch (thrown) {
    if (systemCode(thrown) === "EEXIST") return false;
    throw thrown;
  }
  // Lower numbers are removed only after a higher one exists, so the highest number is always visible.
  const numbers = await place.numbers();
  const isWon = Math.max(...numbers) === number;
  const left = isWon ? numbers.filter((one) => one < number) : [number];
  await Promise.all(left.map((one) => unlink(place.path(one)).catch(() => undefined)));
  return isWon;
}

interface HeldServer extends Server {
  waiters: Set<Socket>;
}

function listen(path: string): Promise<HeldServer> {
  const waiters = new Set<Socket>();
  const server = createServer((socket) => {
    waiters.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => waiters.delete(socket));
  });
  return new Promise((resolve, reject) => {
    server.on("error", reject);
    server.listen(path, () => resolve(Object.assign(server, { waiters })));
  });
}

/** Waits until the holder releases the lock or dies; false if that takes too long. */
async function isOver(path: string): Promise<boolean> {
  for (;;) {
    const end = await untilClosed(path);
    if (end !== "EAGAIN") return end !== "patience";
    // The listen queue is full, because too many processes are waiting.
    await sleep(5);
  }
}

function untilClosed(path: string): Promise<string> {
  return new Promise((resolve) => {
    let end = "";
    const socket = connect(path);
    const timer = setTimeout(() => {
      end = "patience";
      socket.destroy();
    }, patience);
    socket.on("error", (error) => {
      end = systemCode(error);
    });
    socket.on("close", () => {
      clearTimeout(timer);
      resolve(end);
    });
    socket.resume();
  });
}
