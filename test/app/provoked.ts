import type { Page } from "playwright-core";
import { failureView } from "../../electron/core/causes/failure.ts";
import type { CauseCode } from "../../electron/core/client/model.ts";

/** What specifications of provoked causes have in common. */

export const connect = (page: Page): Promise<void> =>
  page.getByRole("button", { name: /^(Connect|Connect again|Try again)$/ }).click();
/** The screen of a cause: its code, its way out, and `text` or the table's sentence. */
export const shows = async (page: Page, cause: CauseCode, text?: string): Promise<void> => {
  const alert = page.getByRole("alert");
  await alert.locator("code", { hasText: new RegExp(`^${cause}$`) }).waitFor({ timeout: 15_000 });
  await alert.getByText(text ?? failureView(cause).message).waitFor();
};
