import { mkdirSync } from "node:fs";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { at } from "../../build/lib/root.ts";
import { accessibility } from "./accessibility.ts";
import { type App, launch } from "./launch.ts";
import { screens } from "./screens.ts";

const folder = at("test-results/screens");
const sizes = [
  { width: 360, height: 560 },
  { width: 1100, height: 720 },
] as const;

let app: App;

beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  app = await launch();
});

afterAll(() => app?.close());

describe("every screen, light and dark, small and large", () => {
  test.each(screens)("$name", async ({ name, follows, go }) => {
    const page = await app.page();
    await page.setViewportSize(sizes[0]);
    await page.emulateMedia({ colorScheme: "light", forcedColors: "none", reducedMotion: "reduce" });
    if (!follows) {
      await page.reload();
      await page.waitForSelector("h1");
    }
    await go(app, page);
    for (const size of sizes) {
      await page.setViewportSize(size);
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        await settle(page);
        await page.screenshot({ path: `${folder}/${name}-${size.width}-${colorScheme}.png` });
        // All rules once; another theme can only change the contrast.
        const isFirst = size === sizes[0] && colorScheme === "light";
        const isOther = size === sizes[1] && colorScheme === "dark";
        if (isFirst || isOther) {
          const found = await accessibility(page, isOther ? ["color-contrast"] : undefined);
          expect(found, `${name}, ${size.width}, ${colorScheme}`).toEqual([]);
        }
      }
      expect(await overflows(page), `${name}, ${size.width}`).toEqual([]);
    }
    await page.emulateMedia({ forcedColors: "active" });
    await settle(page);
    await page.screenshot({ path: `${folder}/${name}-forced.png` });
    expect(app.complaints).toEqual([]);
  });
});

/** Two frames: what was asked for is drawn. */
const settle = (page: Page): Promise<void> =>
  page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve()))));

/** Text that is cut off without an ellipsis, or anything that makes the page scroll sideways. */
const overflows = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const found: string[] = [];
    if (document.documentElement.scrollWidth > innerWidth) found.push("the page scrolls sideways");
    for (const element of document.querySelectorAll<HTMLElement>("h1, h2, p, button, label, dd, dt, li")) {
      const box = element.getBoundingClientRect();
      if (box.width === 0 || element.closest(".hidden-visually, [aria-hidden=true]")) continue;
      if (box.right > innerWidth + 1 || box.left < -1) found.push(`beyond the edge: ${element.textContent}`);
      const style = getComputedStyle(element);
      const cut = element.scrollWidth > element.clientWidth + 1 && style.overflowX === "hidden";
      if (cut && style.textOverflow !== "ellipsis") found.push(`cut off: ${element.textContent}`);
    }
    return found;
  });
