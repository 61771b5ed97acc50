import type { Page } from "playwright-core";
import type { Company } from "../e2e/fixture.ts";
import { userName } from "../harness/site.ts";
import { type App, launch } from "./launch.ts";

/** The app as it is shipped, for a user of a real company. */
export const launchReal = (company: Company, person = company.person("app")): Promise<App> =>
  launch({ main: "main.mjs", workspace: company.workspace, env: person.env as Record<string, string> });

/** Waits for a page, or the state that the main one tells; what has to happen for it first may take a while. */
export const heading = (page: Page, name: string): Promise<void> =>
  page.getByRole("heading", { name, exact: true }).waitFor({ timeout: 15_000 });

/** From the first page to where name and password are asked for. */
export const toCredentials = async (page: Page, company: Company) => {
  await page.getByLabel("Enrolment link or enterprise code").fill(company.link);
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByLabel("User name").waitFor();
};

/** Name and password, and, without a keychain as here, that it is kept in a file, which is offered at once: all but the last press. */
export const enter = async (page: Page, company: Company, user = userName, password = company.password) => {
  await toCredentials(page, company);
  await page.getByLabel("User name").fill(user);
  await page.getByLabel("Password", { exact: true }).fill(password);
  // The switch itself is hidden behind what it looks like.
  await page.getByText("Save my sign-in in a file", { exact: true }).click();
};

/** From the first page to signed in. */
export const signIn = async (page: Page, company: Company, user = userName, password = company.password) => {
  await enter(page, company, user, password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await heading(page, "Disconnected");
};
