import type { Page } from "playwright-core";
import { afterAll, expect } from "vitest";
import { texts } from "../../common/text/index.ts";
import type { Company } from "../e2e/fixture.ts";
import { abroadBreaks, type Break, grantBreak } from "../harness/hops.ts";
import type { App } from "./launch.ts";
import { launchReal, signIn } from "./real.ts";
import { tellLogs, test } from "./shared.ts";

/** An administrator breaks and fixes each hop of a real chain; checks the main page. */

/** ms within which the window follows a change. */
const limit = 2_000;

let company: Company;
let app: App;
let page: Page;
let breaks: Break[];
test.beforeAll(async ({ company: shared }) => {
  company = shared;
  breaks = await abroadBreaks(company.site);
  app = await launchReal(company);
  page = await app.page();
  await signIn(page, company);
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  await page.getByRole("heading", { name: "Connected", exact: true }).waitFor();
});
afterAll(async () => {
  await page?.getByRole("button", { name: "Disconnect" }).click();
  await page?.getByRole("heading", { name: "Disconnected", exact: true }).waitFor();
  await app?.host.close();
});
tellLogs(() => company);

const chain = () => page.getByRole("region", { name: "Path into the intranet" });
const broken = () => chain().locator('li[data-state="broken"]');
/** Time until no hop is marked any more, ms. */
const fixed = async (): Promise<number> => {
  const start = performance.now();
  await expect.poll(() => broken().count(), { timeout: limit, interval: 25 }).toBe(0);
  return Math.round(performance.now() - start);
};

async function named(one: Break): Promise<string> {
  await company.site.sagctl(one.broken);
  const first = chain().locator(".warning").first();
  await first.getByText(texts.warnings[one.code]).waitFor({ timeout: limit });
  await first.getByText("Your administrator can fix this").waitFor();
  expect(await broken().first().getAttribute("class")).toBe(one.kind);
  await company.site.sagctl(one.fixed);
  const ms = await fixed();
  expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Connected");
  return `${one.code}: fixed after ${ms} ms`;
}

test("the main page marks the broken hop and who can fix it, and follows when it is fixed", async () => {
  const ip = await page.locator(".details .selectable").first().textContent();
  const lines: string[] = [];
  for (const one of breaks) lines.push(await named(one));
  const grant = await grantBreak(company.site);
  await fixed();
  lines.push(await named(grant));
  expect(await page.locator(".details .selectable").first().textContent()).toBe(ip);
  expect(app.complaints).toEqual([]);
  console.info(lines.join("\n"));
});
