import { mkdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import type { CDPSession, Page } from "playwright-core";
import { describe, expect } from "vitest";
import { at } from "../../build/lib/root.ts";
import { accessibility } from "./accessibility.ts";
import type { App } from "./launch.ts";
import { screens } from "./screens.ts";
import { test } from "./shared.ts";

const folder = at("test-results/screens");
const sizes = [
  { width: 360, height: 560 },
  { width: 1100, height: 720 },
] as const;

let app: App;
let cdp: CDPSession;
/** Whether the previous screen left the page in the state that the next one starts from. */
let follows = true;

test.beforeAll(async ({ shared }) => {
  mkdirSync(folder, { recursive: true });
  app = shared;
  await app.asNew();
  const page = await app.page();
  cdp = await page.context().newCDPSession(page);
});

describe("all screens, light and dark, small and large", () => {
  test.each(screens)("$name", async ({ name, go, leave }) => {
    const page = await app.page();
    await page.setViewportSize(sizes[0]);
    await page.emulateMedia({ colorScheme: "light", forcedColors: "none", reducedMotion: "reduce" });
    if (!follows) await app.asNew();
    follows = false;
    await go(app, page);
    for (const size of sizes) {
      await page.setViewportSize(size);
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        await settle(page);
        await shoot(`${name}-${size.width}-${colorScheme}`);
        // Checks all rules once; another theme can only change the contrast.
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
    await shoot(`${name}-forced`);
    expect(app.complaints).toEqual([]);
    await leave?.(page);
    follows = true;
  });
});

/** Directly by DevTools, without waiting for fonts or the caret. */
const shoot = async (name: string): Promise<void> => {
  const { data } = await cdp.send("Page.captureScreenshot", { optimizeForSpeed: true });
  await writeFile(`${folder}/${name}.png`, Buffer.from(data, "base64"));
};

/** Waits two frames, so that changes are drawn. */
const settle = (page: Page): Promise<void> =>
  page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve()))));

/** Text that is cut off without an ellipsis, and elements that make the page scroll sideways. */
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
