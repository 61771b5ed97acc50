import type { Page } from "playwright-core";
import { contosoId, disconnected } from "../fake/sample.ts";
import type { App } from "../launch.ts";

/** A screen, and how to reach it from the previous one or from a page that was just loaded. */
export interface Screen {
  name: string;
  go(app: App, page: Page): Promise<void>;
  /** Closes what `go` opened; without it the next screen starts from here. */
  leave?(page: Page): Promise<void>;
}

export const heading = (page: Page, name: string): Promise<void> =>
  page.getByRole("heading", { name, exact: true }).waitFor();

/** Opens the first page without earlier input. */
export const firstPage = async (app: App, page: Page): Promise<void> => {
  await app.put(disconnected());
  await heading(page, "Disconnected");
  await app.remove(contosoId);
  await heading(page, "Connect to your company");
};
