import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { buildApp } from "../../build/app.ts";
import { at } from "../../build/lib/root.ts";
import { connected, disconnected } from "../app/fake/sample.ts";
import { type App, launch } from "../app/launch.ts";
import { type Bench, round } from "./measured.ts";

/** The figures of the desktop app and their limits. */
interface AppFigures {
  /** ms from navigation to the first contentful paint; limit 300. */
  firstPaintMs: number;
  /** ms from navigation until the main button is interactive; limit 500. */
  interactiveMs: number;
  /** KB of page, scripts and styles that the first load fetches, gzipped; limit 350. */
  bundleKb: number;
  /** Heap of the page before and after 3,600 status events, MB. */
  heapBeforeMb: number;
  heapAfterMb: number;
  /** CPU of main while idle, percent of a core; limit 1. */
  idleCpuPercent: number;
}

const limits = { firstPaintMs: 300, interactiveMs: 500, bundleKb: 350, heapGrowthMb: 2, idleCpuPercent: 1 };

/** `npm run bench -- app [--short]`. */
export const app: Bench = async (short) => {
  await buildApp();
  const rounds = short ? 3 : 9;
  const own = await launch();
  try {
    await own.put(disconnected());
    const paint: number[] = [];
    const interactive: number[] = [];
    for (let i = 0; i < rounds; i += 1) {
      const times = await load(own);
      paint.push(times.paint);
      interactive.push(times.interactive);
    }
    await own.put(connected());
    const idleCpuPercent = await idle(own, short ? 5 : 20);
    const heap = await statusEvents(own);
    const figures: AppFigures = {
      firstPaintMs: median(paint),
      interactiveMs: median(interactive),
      bundleKb: await bundle(own),
      ...heap,
      idleCpuPercent,
    };
    return { rounds, figures: { ...figures }, ratios: ratiosOf(figures) };
  } finally {
    await own.close();
  }
};

/** Reloads the page, as when a destroyed window is opened again. */
const load = async (app: App): Promise<{ paint: number; interactive: number }> => {
  const page = await app.page();
  await page.reload();
  await page.getByRole("button", { name: "Connect", exact: true }).waitFor();
  return page.evaluate(
    () =>
      new Promise((resolve) => {
        const button = document.querySelector(".state > .button");
        // The app focuses the button when it becomes interactive; the next frame is the reaction.
        const ready = (): void => {
          const [first] = performance.getEntriesByName("first-contentful-paint");
          if (!first || document.activeElement !== button) return void requestAnimationFrame(ready);
          const rendered = performance.getEntriesByName("sag-interactive")[0]?.startTime;
          resolve({ paint: first.startTime, interactive: rendered ?? first.startTime });
        };
        ready();
      }),
  );
};

/** An hour of states from a connected client, as fast as possible: memory must not grow with it. */
const statusEvents = async (app: App): Promise<{ heapBeforeMb: number; heapAfterMb: number }> => {
  const page = await app.page();
  const cdp = await page.context().newCDPSession(page);
  const heap = async (): Promise<number> => {
    await cdp.send("HeapProfiler.collectGarbage");
    return (await cdp.send("Runtime.getHeapUsage")).usedSize / 1e6;
  };
  const events = async (count: number, base: number): Promise<void> => {
    await app.host.evaluate(
      async (_electron, { state, count, base }) => {
        const { sagFake } = globalThis as unknown as import("../app/launch.ts").FakeGlobals;
        for (let i = 0; i < count; i += 1) {
          sagFake.put({ ...state, rxBytes: base + i * 1000, txBytes: base + i * 100 });
          if (i % 100 === 99) await new Promise((resolve) => setTimeout(resolve, 20));
        }
      },
      { state: connected(), count, base },
    );
    // Waits until the last state is shown, so that all earlier ones have been processed.
    const clientIp = `10.77.1.${count % 250}`;
    await app.put(connected({ clientIp }));
    await page.getByText(clientIp).waitFor({ timeout: 60_000 });
  };
  // Fills the graph's five minutes and lets everything be compiled before the first measurement.
  await events(600, 0);
  const before = await heap();
  await events(3600, 1_000_000);
  return { heapBeforeMb: round(before), heapAfterMb: round(await heap()) };
};

/** CPU time of main from the operating system, percent of a core, connected and idle. */
const idle = async (app: App, seconds: number): Promise<number> => {
  const ticks = (): number => {
    const fields = readFileSync(`/proc/${app.host.pid}/stat`, "utf8")
      .replace(/^.*\) /, "")
      .split(" ");
    return Number(fields[11]) + Number(fields[12]);
  };
  const before = ticks();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  return round(((ticks() - before) / 100 / seconds) * 100);
};

/** What loading the page fetches, gzipped per file. */
const bundle = async (app: App): Promise<number> => {
  const page = await app.page();
  const fetched = await page.evaluate(() =>
    [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")].map(
      ({ name }) => new URL(name).pathname,
    ),
  );
  const bytes = [...new Set(fetched)].map((path) => gzipSync(readFileSync(at("dist/app/renderer", path))).length);
  return round(bytes.reduce((sum, size) => sum + size, 0) / 1024);
};

/** Ratios to the limits: up to 1 is within the limit. */
const ratiosOf = (figures: AppFigures): Record<string, number> => ({
  firstPaintMs: round(figures.firstPaintMs / limits.firstPaintMs),
  interactiveMs: round(figures.interactiveMs / limits.interactiveMs),
  bundleKb: round(figures.bundleKb / limits.bundleKb),
  heapGrowthMb: round(Math.max(0, figures.heapAfterMb - figures.heapBeforeMb) / limits.heapGrowthMb),
  idleCpuPercent: round(figures.idleCpuPercent / limits.idleCpuPercent),
});

const median = (values: number[]): number =>
  round(values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0);
