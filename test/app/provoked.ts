import type { Page } from "playwright-core";
import { failureView } from "../../electron/core/causes/failure.ts";
import type { CauseCode } from "../../electron/core/client/model.ts";

/** Helpers for the tests that provoke causes. */

export const connect = (page: Page): Promise<void> =>
  page.getByRole("button", { name: /^(Connect|Connect again|Try again)$/ }).click();
/** Checks the page of a cause: its code, its button, and `text` or the table's message. */
export const shows = async (page: Page, cause: CauseCode, text?: string): Promise<void> => {
  const alert = page.getByRole("alert");
  await alert.locator("code", { hasText: new RegExp(`^${cause}$`) }).waitFor({ timeout: 15_000 });
  await alert.getByText(text ?? failureView(cause).message).waitFor();
};
