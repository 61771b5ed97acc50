import { test as base, beforeEach, onTestFailed } from "vitest";
import { Company } from "../e2e/fixture.ts";
import { type App, launch } from "./launch.ts";

/**
 * For specifications over the fake core that leave the window where it is: one app for all of them that a worker runs, since
 * starting it takes longer than most of them. Each file begins with `asNew()`.
 */
// biome-ignore lint/correctness/noEmptyPattern: a fixture without dependencies is declared like this
const withApp = base.extend<"shared", App>("shared", { scope: "worker" }, async ({}, { onCleanup }) => {
  const app = await launch();
  onCleanup(() => app.close());
  return app;
});

/** The same of a real company, for specifications that leave it intact: no connection, everything running. */
// biome-ignore lint/correctness/noEmptyPattern: as above
export const test = withApp.extend<"company", Company>("company", { scope: "worker" }, async ({}, { onCleanup }) => {
  const company = new Company({});
  onCleanup(() => company.end());
  await company.start();
  return company;
});

/** Prints what a company's programs wrote, when a test of the file fails. */
export const tellLogs = (company: () => Company): void =>
  beforeEach(() => onTestFailed(() => console.error(company().logs())));
