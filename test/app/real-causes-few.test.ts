import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { givenCompany } from "../e2e/fixture.ts";
import type { Person } from "../harness/person.ts";
import { userName } from "../harness/site.ts";
import type { App } from "./launch.ts";
import { connect, shows } from "./provoked.ts";
import { heading, launchReal, signIn, toCredentials } from "./real.ts";

/**
 * Causes provoked with a real cloud, access point and sag-tunnel, and few client addresses; checks what the window
 * shows.
 */

// A /30 has two client addresses.
const company = givenCompany({ cidr: "10.78.0.0/30" });
/** The user of the app, who also uses the command line. */
let owner: Person;
let app: App;
let page: Page;
beforeAll(async () => {
  owner = company.person("app");
  app = await launchReal(company, owner);
  page = await app.page();
});
afterAll(() => app?.host.close());

it("wrong password", async () => {
  // Reported before the keychain, which is missing here.
  await toCredentials(page, company);
  await page.getByLabel("User name").fill(userName);
  await page.getByLabel("Password", { exact: true }).fill("not the password");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await shows(page, "bad_credentials");
  await page.getByRole("button", { name: "Back" }).click();
});

it("session limit, with the sessions in use: ending one of them connects", async () => {
  await company.site.sagctl(["policy", "set", "--devices", "1"]);
  await signIn(page, company);
  const { person } = await company.connected();
  await connect(page);
  await shows(page, "session_limit", "You are connected on 1 device, the maximum allowed.");
  expect(await page.getByRole("list", { name: "Sessions in use" }).getByRole("listitem").count()).toBe(1);
  await page.getByRole("button", { name: /^End the session of .* and connect$/ }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "End and connect" }).click();
  await heading(page, "Connected");
  await expect.poll(async () => (await person.status()).phase).not.toBe("connected");
  await page.getByRole("button", { name: "Disconnect" }).click();
  await heading(page, "Disconnected");
  await company.site.sagctl(["policy", "set", "--devices", "3"]);
});

it("kicked, with the administrator's reason", async () => {
  await connect(page);
  await heading(page, "Connected");
  await company.site.sagctl(["account", "kick", userName, "--reason", "Maintenance of <b>everything</b>"]);
  await shows(page, "kicked", "Maintenance of <b>everything</b>");
});

it("a password reset while connected: after signing in with the new one, the app and sag can connect", async () => {
  await connect(page);
  await heading(page, "Connected");
  const status = async () => {
    const { phase, cause } = await owner.status();
    return [phase, cause];
  };
  company.password = `${company.password}2`;
  await company.site.sagctl(["account", "reset-password", userName, "--password-stdin"], company.password);
  await shows(page, "sign_in_expired", "Sign in ");
  expect(await status()).toEqual(["signed_out", "sign_in_expired"]);
  await page.getByRole("button", { name: "Sign in again" }).click();
  await page.getByLabel("Password", { exact: true }).fill(company.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await heading(page, "Disconnected");
  expect(await page.getByRole("alert").count()).toBe(0);
  expect(await status()).toEqual(["disconnected", null]);
  await connect(page);
  await heading(page, "Connected");
});

it("access point killed and restarted", async () => {
  const [accessPoint] = company.site.accessPoints.splice(0);
  await accessPoint?.kill();
  await heading(page, "Reconnecting");
  await page.getByText(/access point does not answer|None of your company's access points answers/).waitFor();
  await company.site.startAccessPoint("access-point-1", { listen: accessPoint?.ready.endpoint ?? "" });
  await heading(page, "Connected");
});

it("sag-tunnel killed; the session is resumed", async () => {
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
  const user = "one.too.many";
  const password = await company.site.createAccount(user);
  const newcomer = await launchReal(company, company.person("newcomer"));
  const own = await newcomer.page();
  const [holders] = await Promise.all([fillPool(), signIn(own, company, user, password)]);
  try {
    await connect(own);
    await shows(own, "address_pool_exhausted");
  } finally {
    await newcomer.host.close();
    for (const person of holders) await person.disconnect();
  }
});

/** Connects new accounts until no address is left; returns those that are connected. */
async function fillPool(): Promise<Person[]> {
  const holders: Person[] = [];
  for (;;) {
    const user = `pool.person.${holders.length}`;
    const person = company.person();
    await person.signIn(company.link, user, await company.site.createAccount(user));
    if ((await person.sag(["connect", "--json"])).code !== 0) return holders;
    holders.push(person);
  }
}

it("account disabled", async () => {
  await connect(page);
  await heading(page, "Connected");
  await company.site.sagctl(["account", "disable", userName]);
  await shows(page, "account_disabled");
  await company.site.sagctl(["account", "enable", userName]);
});
