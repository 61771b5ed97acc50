import { rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, it } from "vitest";
import { databaseFile } from "../../cloud/store/open.ts";
import { givenCompany } from "../e2e/fixture.ts";
import { userName } from "../harness/site.ts";
import type { App } from "./launch.ts";
import { connect, shows } from "./provoked.ts";
import { enter, heading, launchReal, signIn } from "./real.ts";

/** Causes provoked with a real cloud, access point and sag-tunnel; checks what the window shows. */

const company = givenCompany();
let app: App;
let page: Page;
beforeAll(async () => {
  app = await launchReal(company);
  page = await app.page();
  await signIn(page, company);
});
afterAll(() => app?.host.close());

it("replaced by another device of the account, which is named", async () => {
  const user = "fixed.address";
  const args = ["account", "create", user, "--mail", "fixed@trial.internal", "--client-ip", "10.78.0.200"];
  const password = "Fixed-address-1";
  await company.site.sagctl([...args, "--password-stdin"], password);
  const own = await launchReal(company, company.person("fixed"));
  try {
    const window = await own.page();
    await signIn(window, company, user, password);
    await connect(window);
    await heading(window, "Connected");
    const other = company.person();
    await other.signIn(company.link, user, password);
    await other.connect();
    await shows(window, "replaced", "took over this session");
    await other.disconnect();
  } finally {
    await own.host.close();
  }
});

it("a password that has to be changed", async () => {
  const user = "must.change.it";
  const args = ["account", "create", user, "--mail", "must@trial.internal", "--must-change"];
  await company.site.sagctl([...args, "--password-stdin"], "First-password-1");
  const own = await launchReal(company, company.person("must-change"));
  try {
    const window = await own.page();
    await enter(window, company, user, "First-password-1");
    await window.getByRole("button", { name: "Sign in", exact: true }).click();
    await heading(window, "Choose a new password");
    await window.getByLabel("New password", { exact: true }).fill("Second-password-2");
    await window.getByLabel("New password again").fill("Second-password-2");
    await window.keyboard.press("Enter");
    await heading(window, "Disconnected");
  } finally {
    await own.host.close();
  }
});

it("cloud killed: connected with a warning; a new dial fails; works again after a restart", async () => {
  await connect(page);
  await heading(page, "Connected");
  await company.site.cloud.kill();
  await page.getByText(/^Your company's server \(.*\) does not answer\. You stay connected until \d\d:\d\d/).waitFor();
  await heading(page, "Connected");
  await page.getByRole("button", { name: "Disconnect" }).click();
  await heading(page, "Disconnected");
  await connect(page);
  await shows(page, "instance_unreachable", "does not answer");
  await company.site.startCloud(new URL(company.site.cloud.ready.url).host);
  await connect(page);
  await heading(page, "Connected");
  await page.getByRole("button", { name: "Disconnect" }).click();
  await heading(page, "Disconnected");
});

it("an expired sign-in; signing in again fixes it", async () => {
  // Moves the stored times, so that the cloud instance sees a sign-in of a month ago.
  await company.site.cloud.stop();
  const database = new DatabaseSync(join(company.site.data, databaseFile));
  database.prepare("update sign_in set expires_at = ?").run(Date.now() - 1);
  database.close();
  await company.site.startCloud(new URL(company.site.cloud.ready.url).host);
  await connect(page);
  await shows(page, "sign_in_expired");
  await page.getByRole("button", { name: "Sign in again" }).click();
  await page.getByLabel("Password", { exact: true }).fill(company.password);
  await page.keyboard.press("Enter");
  await heading(page, "Disconnected");
});

it("sign-in ended by the administrator", async () => {
  await company.site.sagctl(["account", "reset-password", userName, "--password-stdin"], company.password);
  await connect(page);
  await shows(page, "sign_in_expired", "Your administrator set a new password");
  await page.getByRole("button", { name: "Sign in again" }).click();
  await page.getByLabel("Password", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Back" }).click();
});

it("changed certificate: connecting fails", async () => {
  await company.site.cloud.stop();
  rmSync(join(company.site.data, "tls"), { recursive: true });
  await company.site.startCloud(new URL(company.site.cloud.ready.url).host);
  await page.getByRole("button", { name: "Sign in again" }).click();
  await page.getByLabel("Password", { exact: true }).fill(company.password);
  await page.keyboard.press("Enter");
  await shows(page, "instance_identity_changed", "is not the expected one");
});
