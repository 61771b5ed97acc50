import type { Page } from "playwright-core";
import type { Company } from "../e2e/fixture.ts";
import { userName } from "../harness/site.ts";
import { type App, launch } from "./launch.ts";

/** Starts the released app for a user of a real company. */
export const launchReal = (company: Company, person = company.person("app")): Promise<App> =>
  launch({ main: "main.mjs", workspace: company.workspace, env: person.env as Record<string, string> });

/** Waits for a page or state by its heading. The limit is long, because the preceding step may take a while. */
export const heading = (page: Page, name: string): Promise<void> =>
  page.getByRole("heading", { name, exact: true }).waitFor({ timeout: 15_000 });

/** From the first page to the form for user name and password. */
export const toCredentials = async (page: Page, company: Company) => {
  await page.getByLabel("Enrolment link or enterprise code").fill(company.link);
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByLabel("User name").waitFor();
};

/**
 * Fills in name and password and, because there is no keychain here, chooses the file: everything but the final
 * click.
 */
export const enter = async (page: Page, company: Company, user = userName, password = company.password) => {
  await toCredentials(page, company);
  await page.getByLabel("User name").fill(user);
  await page.getByLabel("Password", { exact: true }).fill(password);
  // The switch's input is hidden behind its label.
  await page.getByText("Save my sign-in in a file", { exact: true }).click();
};

/** From the first page to signed in. */
export const signIn = async (page: Page, company: Company, user = userName, password = company.password) => {
  await enter(page, company, user, password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await heading(page, "Disconnected");
};
