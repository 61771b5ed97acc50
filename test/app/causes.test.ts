import type { Page } from "playwright-core";
import { expect } from "vitest";
import { causeTable } from "../../common/causes/table.ts";
import { texts } from "../../common/text/index.ts";
import { failureView } from "../../electron/core/causes/failure.ts";
import { warningTable, warningView } from "../../electron/core/causes/warnings.ts";
import type { CauseCode, WarningWord } from "../../electron/core/client/model.ts";
import { connected, disconnected, failed } from "./fake/sample.ts";
import type { App } from "./launch.ts";
import { test } from "./shared.ts";

let app: App;
let page: Page;

test.beforeAll(async ({ shared }) => {
  app = shared;
  await app.asNew();
  await app.put(disconnected());
  page = await app.page();
});

test.each(Object.keys(causeTable) as CauseCode[])("%s has a screen, a text and an action", async (code) => {
  await app.put(disconnected());
  await page.getByRole("heading", { name: "Disconnected", exact: true }).waitFor();
  await app.put(failed(code));
  const { message, action, fixer } = failureView(code);
  const alert = page.getByRole("alert");
  await alert.getByText(message, { exact: true }).waitFor();
  if (action) await alert.getByText(action, { exact: true }).waitFor();
  await alert.getByText(texts.fixers[fixer]).waitFor();
  expect(await alert.locator("code").textContent()).toBe(code);
  // The button has the focus, so that Enter runs its action.
  const focused = await page.evaluate(() => [document.activeElement?.tagName, document.activeElement?.textContent]);
  expect(focused[0]).toBe("BUTTON");
  expect(focused[1]).toMatch(/^(Try again|Connect again|Sign in again|Use another link|Choose a password)$/);
});

test.each(Object.keys(warningTable) as WarningWord[])("the warning %s is shown with who can fix it", async (code) => {
  const warning = warningView(code);
  await app.put(connected({ warnings: [warning] }));
  const shown = page.locator(".warning");
  await shown.getByText(warning.message, { exact: true }).waitFor();
  await shown.getByText(texts.fixers[warning.fixer]).waitFor();
});

test("the page printed no warnings or errors", () => expect(app.complaints).toEqual([]));
