import { randomBytes } from "node:crypto";
import { link, readdir, unlink } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { failureFromSystem, systemCode } from "../causes/system.ts";
import { type Environment, makePrivateDir } from "./environment.ts";

/** How long one and the same holder may take before we go on without the lock, ms. */
const patience = 15_000;

/**
 * Runs `work` while no other process of this user is inside the same lock.
 *
 * The lock is a listening Unix socket in the runtime directory: the kernel takes it down with its process, so a kill -9 leaves
 * nothing to guess from process ids, and those who wait are woken when it ends. Each holder has a number of its own, one above
 * the last, and only numbers below its own are ever removed: so clearing up never removes a living holder's lock
 * after a dead one. A holder that hangs is waited for no longer than `patience`; what is guarded here (token refresh,
 * settings) has a second net of its own.
 */
export async function withLock<T>(
  environment: Pick<Environment, "runtimeDir" | "uid"> & Partial<Pick<Environment, "spareRuntimeDir">>,
  name: string,
  work: () => Promise<T>,
): Promise<T> {
  const { runtimeDir, uid, spareRuntimeDir } = environment;
  const release = await acquireIn(runtimeDir, uid, name).catch((thrown) => {
    const failure = failureFromSystem(thrown, runtimeDir);
    // No room for a lock: rather in a place that others look for only when they have no room either, than nothing done at all.
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

  /** 0: it was never held. The highest is never removed, held or not. */
  async highest(): Promise<number> {
    return Math.max(0, ...(await this.numbers()));
  }
}

/** Answers how to let go. */
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
      // One that hangs: its work is as good as over.
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

/** A hard link is made or is not: two cannot win the same number. */
async function claim(place: Place, own: string, number: number): Promise<boolean> {
  try {
    await link(own, place.path(number));
  } catch (thrown) {
    if (systemCode(thrown) === "EEXIST") return false;
    throw thrown;
  }
  // A number becomes free only after a process got a higher one, which is visible.
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

/** Waits until whoever listens there lets go or dies; false when that takes too long. */
async function isOver(path: string): Promise<boolean> {
  for (;;) {
    const end = await untilClosed(path);
    if (end !== "EAGAIN") return end !== "patience";
    // So many wait that the kernel takes no more of them.
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
