import { AsyncLocalStorage } from "node:async_hooks";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Log } from "../base/log.ts";
import type { Context } from "../domain/context.ts";
import type { Mail, Mailer } from "../domain/mailer.ts";
import { startDomain } from "../domain/start.ts";
import { query } from "../store/kysely.ts";
import { migrate, openStore } from "../store/open.ts";
import { sharedInMemory } from "../store/shared/memory.ts";
import { closeStore } from "../store/transaction.ts";
import { TestClock } from "./clock.ts";

/** The domain with a store of its own, without a server. */
export interface TestDomain {
  context: Context;
  clock: TestClock;
  directory: string;
  mails: Mail[];
  lines: { level: string; message: string; fields: Record<string, unknown> }[];
  /**
   * Runs `work` and pauses it just before its `n`th access to the store (from 1), while other work continues. `finish` resumes it;
   * `reached` is false if it ended with fewer accesses.
   */
  pausedAt(n: number, work: () => Promise<unknown>): Promise<{ reached: boolean; finish(): Promise<void> }>;
  /** Stops it and keeps its directory. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

interface Pause {
  left: number;
  reached: () => void;
  goOn: Promise<void>;
}

export async function startTestDomain(
  clock = new TestClock(),
  directory = mkdtempSync(join(tmpdir(), "sag-domain-")),
): Promise<TestDomain> {
  const store = openStore(directory);
  await migrate(store, directory);
  const pauses = new AsyncLocalStorage<Pause>();
  const executor = query(store).getExecutor() as unknown as { provideConnection: (use: unknown) => Promise<unknown> };
  const provide = executor.provideConnection.bind(executor);
  // Every query and transaction acquires the connection here, so work can be paused between these but not within a transaction.
  executor.provideConnection = async (use) => {
    const pause = pauses.getStore();
    if (pause && --pause.left === 0) {
      pause.reached();
      await pause.goOn;
    }
    return provide(use);
  };
  const mails: Mail[] = [];
  const lines: TestDomain["lines"] = [];
  const log: Log = (level, message, fields) => void lines.push({ level, message, fields: fields ?? {} });
  const mailer: Mailer = {
    post: (mail) => void mails.push(mail),
    hold: async (held) => ({ send: async () => void mails.push(...held), drop: async () => {} }),
    close: async () => {},
  };
  const context = await startDomain(store, clock, log, mailer, sharedInMemory(clock));
  const stop = async () => {
    await context.sweeper.stop();
    await closeStore(store);
  };
  return {
    context,
    clock,
    directory,
    mails,
    lines,
    async pausedAt(n, work) {
      const reached = Promise.withResolvers<void>();
      const goOn = Promise.withResolvers<void>();
      const running = pauses.run({ left: n, reached: reached.resolve, goOn: goOn.promise }, () =>
        work().then(
          () => {},
          () => {},
        ),
      );
      const wasReached = await Promise.race([reached.promise.then(() => true), running.then(() => false)]);
      return {
        reached: wasReached,
        async finish() {
          goOn.resolve();
          await running;
        },
      };
    },
    stop,
    async close() {
      await stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
