import { rmSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { databaseFile } from "../../cloud/store/open.ts";
import { failureView } from "../../electron/core/causes/failure.ts";
import type { CauseCode } from "../../electron/core/model.ts";
import { givenCompany } from "../e2e/fixture.ts";
import type { Person } from "../harness/person.ts";
import { userName } from "../harness/site.ts";
import type { App } from "./launch.ts";
import { enter, launchReal, signIn } from "./real.ts";

/** Every cause that can be provoked, provoked: a real cloud, real access points, a real sag-tunnel, and what the window says. */

const heading = (page: Page, name: string): Promise<void> =>
  page.getByRole("heading", { name, exact: true }).waitFor({ timeout: 15_000 });
const connect = (page: Page): Promise<void> =>
  page.getByRole("button", { name: /^(Connect|Connect again|Try again)$/ }).click();
/** The screen of a cause: its code, its way out, and `text` or the table's sentence. */
const shows = async (page: Page, cause: CauseCode, text?: string): Promise<void> => {
  const alert = page.getByRole("alert");
  await alert.locator("code", { hasText: new RegExp(`^${cause}$`) }).waitFor({ timeout: 15_000 });
  await alert.getByText(text ?? failureView(cause).message).waitFor();
};

describe("a company with room for few", () => {
  // Two addresses for clients.
  const company = givenCompany({ cidr: "10.78.0.0/30" });
  let app: App;
  let page: Page;
  beforeAll(async () => {
    app = await launchReal(company);
    page = await app.page();
  });
  afterAll(() => app?.host.close());

  it("wrong password", async () => {
    await enter(page, company, userName, "not the password");
    await shows(page, "bad_credentials");
    await page.getByRole("button", { name: "Back" }).click();
  });

  it("session limit, with the sessions that are in use", async () => {
    await company.site.sagctl(["policy", "set", "--devices", "1"]);
    await signIn(page, company);
    const { person } = await company.connected();
    await connect(page);
    await shows(page, "session_limit");
    expect(await page.getByRole("list", { name: "Sessions in use" }).getByRole("listitem").count()).toBe(1);
    await person.disconnect();
    await company.site.sagctl(["policy", "set", "--devices", "3"]);
  });

  it("kicked, with the administrator's reason", async () => {
    await connect(page);
    await heading(page, "Connected");
    await company.site.sagctl(["account", "kick", userName, "--reason", "Maintenance of <b>everything</b>"]);
    await shows(page, "kicked", "Maintenance of <b>everything</b>");
  });

  it("access point killed, and back", async () => {
    await connect(page);
    await heading(page, "Connected");
    const [accessPoint] = company.site.accessPoints.splice(0);
    await accessPoint?.kill();
    await heading(page, "Reconnecting");
    await page.getByText(/does not answer/).waitFor();
    await company.site.startAccessPoint("access-point-1", { listen: accessPoint?.ready.endpoint ?? "" });
    await heading(page, "Connected");
  });

  it("sag-tunnel killed, and the session goes on", async () => {
    const ip = await page.locator(".details .selectable").first().textContent();
    await app.killTunnel();
    await shows(page, "tunnel_crashed");
    await connect(page);
    await heading(page, "Connected");
    expect(await page.locator(".details .selectable").first().textContent()).toBe(ip);
    await page.getByRole("button", { name: "Disconnect" }).click();
    await heading(page, "Disconnected");
  });

  it("full address pool", async () => {
    const holders: Person[] = [];
    // Everybody an account of their own, until there is no address for one more.
    for (let free = true; free; ) {
      const user = `pool.person.${holders.length}`;
      const person = company.person();
      await person.signIn(company.link, user, await company.site.createAccount(user));
      free = (await person.sag(["connect", "--json"])).code === 0;
      if (free) holders.push(person);
    }
    const password = await company.site.createAccount("one.too.many");
    const newcomer = await launchReal(company, company.person("newcomer"));
    try {
      const own = await newcomer.page();
      await signIn(own, company, "one.too.many", password);
      await connect(own);
      await shows(own, "address_pool_exhausted");
    } finally {
      await newcomer.host.close();
      for (const person of holders) await person.disconnect();
    }
  });

  it("account disabled", async () => {
    await connect(page);
    await heading(page, "Connected");
    await company.site.sagctl(["account", "disable", userName]);
    await shows(page, "account_disabled");
    await company.site.sagctl(["account", "enable", userName]);
  });
});

describe("a company with room for all", () => {
  const company = givenCompany();
  let app: App;
  let page: Page;
  beforeAll(async () => {
    app = await launchReal(company);
    page = await app.page();
    await signIn(page, company);
  });
  afterAll(() => app?.host.close());

  it("replaced by another device of the same account, named", async () => {
    const user = "fixed.address";
    const args = ["account", "create", user, "--mail", "fixed@trial.internal", "--client-ip", "10.78.0.200"];
    const password = "Fixed-address-1";
    await company.site.sagctl([...args, "--bandwidth", "0", "--password-stdin"], password);
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

  it("a password that has to be changed first", async () => {
    const user = "must.change.it";
    const args = ["account", "create", user, "--mail", "must@trial.internal", "--must-change"];
    await company.site.sagctl([...args, "--password-stdin"], "First-password-1");
    const own = await launchReal(company, company.person("must-change"));
    try {
      const window = await own.page();
      await enter(window, company, user, "First-password-1");
      await heading(window, "Choose a new password");
      await window.getByLabel("New password", { exact: true }).fill("Second-password-2");
      await window.getByLabel("New password again").fill("Second-password-2");
      await window.keyboard.press("Enter");
      await heading(window, "Disconnected");
    } finally {
      await own.host.close();
    }
  });

  it("cloud killed: up with a warning; a new dial says it; back again", async () => {
    await connect(page);
    await heading(page, "Connected");
    await company.site.cloud.kill();
    await page.getByText("The cloud instance does not answer. You stay connected").waitFor();
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

  it("sign-in expired by its lifetime, and signing in again is the way out", async () => {
    // A month later, as far as the cloud instance knows.
    await company.site.cloud.stop();
    const database = new Database(join(company.site.data, databaseFile));
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
    await shows(page, "sign_in_expired");
    await page.getByRole("button", { name: "Sign in again" }).click();
    await page.getByLabel("Password", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Back" }).click();
  });

  it("changed certificate: a hard stop", async () => {
    await company.site.cloud.stop();
    rmSync(join(company.site.data, "tls"), { recursive: true });
    await company.site.startCloud(new URL(company.site.cloud.ready.url).host);
    await page.getByRole("button", { name: "Sign in again" }).click();
    await page.getByLabel("Password", { exact: true }).fill(company.password);
    await page.keyboard.press("Enter");
    await shows(page, "instance_identity_changed", "is not the one expected");
  });
});
