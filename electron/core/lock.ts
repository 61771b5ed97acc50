import { randomBytes } from "node:crypto";
import { link, rename, unlink } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { failureFromSystem, systemCode } from "./causes/system.ts";
import { type Environment, makePrivateDir } from "./environment.ts";

/** How long somebody else may hold a lock before we go on without it, ms. */
const patience = 15_000;

/**
 * Runs `work` while no other process of this user is inside the same lock.
 *
 * The lock is a listening Unix socket in the runtime directory: the kernel takes it down with its process, so a kill -9 leaves
 * nothing to guess from process ids, and those who wait are woken when it ends. A holder that hangs is waited for no longer
 * than `patience`; what is guarded here (token refresh, settings) has a second net of its own.
 */
export async function withLock<T>(environment: Environment, name: string, work: () => Promise<T>): Promise<T> {
  const held = await acquire(environment, name);
  try {
    return await work();
  } finally {
    await held?.release();
  }
}

interface Held {
  release(): Promise<void>;
}

async function acquire(environment: Environment, name: string): Promise<Held | null> {
  makePrivateDir(environment.runtimeDir, environment.uid);
  const path = join(environment.runtimeDir, `${name}.lock`);
  const own = join(environment.runtimeDir, `${randomBytes(6).toString("hex")}.own`);
  const server = await listen(own);
  const deadline = performance.now() + patience;
  try {
    while (performance.now() < deadline) {
      if (await claim(own, path)) return { release: () => release(server, path) };
      if (!(await waitForHolder(path, deadline))) await takeAway(path);
    }
  } catch (thrown) {
    server.close();
    throw failureFromSystem(thrown, path);
  } finally {
    await unlink(own).catch(() => undefined);
  }
  server.close();
  return null;
}

/** A hard link is made or is not: two cannot win. */
async function claim(own: string, path: string): Promise<boolean> {
  try {
    await link(own, path);
    return true;
  } catch (thrown) {
    if (systemCode(thrown) === "EEXIST") return false;
    throw thrown;
  }
}

async function release(server: HeldServer, path: string): Promise<void> {
  await unlink(path).catch(() => undefined);
  for (const waiter of server.waiters) waiter.destroy();
  server.close();
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

/** true: somebody held it and has let go, or it has gone; false: whoever held it is dead. */
function waitForHolder(path: string, deadline: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const timer = setTimeout(() => socket.destroy(), Math.max(0, deadline - performance.now()));
    let answer = true;
    socket.on("error", (error) => {
      // EAGAIN: its queue is full of others who wait.
      answer = systemCode(error) !== "ECONNREFUSED";
    });
    socket.on("close", () => {
      clearTimeout(timer);
      resolve(answer);
    });
    socket.resume();
  });
}

/** Removes a dead holder's lock. If a living one slipped in between, it gets its place back. */
async function takeAway(path: string): Promise<void> {
  const aside = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    await rename(path, aside);
  } catch (thrown) {
    if (systemCode(thrown) === "ENOENT") return;
    throw thrown;
  }
  if (await isAlive(aside)) {
    await link(aside, path).catch(() => undefined);
    await sleep(1);
  }
  await unlink(aside).catch(() => undefined);
}

function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      resolve(true);
      socket.destroy();
    });
    socket.on("error", (error) => resolve(systemCode(error) !== "ECONNREFUSED"));
  });
}
