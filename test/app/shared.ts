import { test as base, beforeEach, onTestFailed } from "vitest";
import { Company } from "../e2e/fixture.ts";
import { type App, launch } from "./launch.ts";

/**
 * For tests with a fake core that leave the window in place: one app for all of them in a worker, because starting it
 * takes longer than most tests. Each file begins with `asNew()`.
 */
// biome-ignore lint/correctness/noEmptyPattern: a fixture without dependencies is declared like this
const withApp = base.extend<"shared", App>("shared", { scope: "worker" }, async ({}, { onCleanup }) => {
  const app = await launch();
  onCleanup(() => app.close());
  return app;
});

/** The same for a real company, for tests that leave it disconnected and running. */
// biome-ignore lint/correctness/noEmptyPattern: as above
export const test = withApp.extend<"company", Company>("company", { scope: "worker" }, async ({}, { onCleanup }) => {
  const company = new Company({});
  onCleanup(() => company.end());
  await company.start();
  return company;
});

/** Prints the logs of a company's programs when a test of the file fails. */
export const tellLogs = (company: () => Company): void =>
  beforeEach(() => onTestFailed(() => console.error(company().logs())));
