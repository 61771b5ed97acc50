import type { Page } from "playwright-core";
import { contosoId, disconnected } from "../fake/sample.ts";
import type { App } from "../launch.ts";

/** A screen, and how a person gets there from the one before or from a page that was just loaded. */
export interface Screen {
  name: string;
  go(app: App, page: Page): Promise<void>;
  /** Closes what it opened; without it, the next one can follow as it is. */
  leave?(page: Page): Promise<void>;
}

export const heading = (page: Page, name: string): Promise<void> =>
  page.getByRole("heading", { name, exact: true }).waitFor();

/** Whatever was typed there before is gone. */
export const firstPage = async (app: App, page: Page): Promise<void> => {
  await app.put(disconnected());
  await heading(page, "Disconnected");
  await app.remove(contosoId);
  await heading(page, "Connect to your company");
};
