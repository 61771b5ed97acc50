import type { Page } from "playwright-core";
import { beforeEach, expect } from "vitest";
import { disconnected } from "./fake/sample.ts";
import type { App } from "./launch.ts";
import { test } from "./shared.ts";

/** The shared app and its window, for the current test file. */
export let app: App;
export let page: Page;

/**
 * Starts every test of a file on the main page, disconnected, and fails the file if its page printed a warning or an
 * error.
 */
export function onMainPage(): void {
  test.beforeAll(async ({ shared }) => {
    app = shared;
    await app.asNew();
    await app.put(disconnected());
    page = await app.page();
  });
  beforeEach(async () => {
    await app.silence([]);
    await app.put(disconnected());
    await page.reload();
    await heading("Disconnected").waitFor();
  });
  test.afterAll(() => expect(app.complaints).toEqual([]));
}

export const heading = (name: string) => page.getByRole("heading", { name, exact: true });
export const button = (name: string | RegExp) => page.getByRole("button", { name, exact: typeof name === "string" });
