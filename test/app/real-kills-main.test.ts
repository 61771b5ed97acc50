import type { Page } from "playwright-core";
import { afterAll, expect } from "vitest";
import type { Company } from "../e2e/fixture.ts";
import type { Person } from "../harness/person.ts";
import { connecting, disconnecting, press, proxyMode, start, unanswered, unheard, useForBrowsers } from "./kills.ts";
import type { App } from "./launch.ts";
import { enter, heading, signIn } from "./real.ts";
import { tellLogs, test } from "./shared.ts";

/**
 * kill -9 of main in every phase: the next start shows the actual state, and the browsers' proxy setting is restored.
 */
let company: Company;
test.beforeAll(({ company: shared }) => {
  company = shared;
});
tellLogs(() => company);

let person: Person;
let app: App;
let page: Page;
afterAll(() => app?.host.close());

const kill = async (app: App): Promise<{ app: App; page: Page }> => {
  await app.host.kill("SIGKILL");
  return start(company, person);
};

test("signing in: no partial sign-in is left, the next start is like the first", async () => {
  person = company.person("main");
  ({ app, page } = await start(company, person));
  await enter(page, company);
  await unanswered(company, async () => {
    await press(page, "Sign in");
    await page.getByRole("button", { name: "Signing in" }).waitFor();
    ({ app, page } = await kill(app));
    await heading(page, "Connect to your company");
  });
  expect(await proxyMode(person)).toBe("'none'");
});

test("disconnected: nothing changes", async () => {
  await signIn(page, company);
  ({ app, page } = await kill(app));
  await heading(page, "Disconnected");
});

test("connecting: the tunnel goes on, and the next start shows it", async () => {
  await unheard(company, async () => {
    await connecting(page);
    ({ app, page } = await kill(app));
    await heading(page, "Connecting");
  });
  await heading(page, "Connected");
});

test("connected: the tunnel stays up, the next start shows it, the browsers' proxy setting is restored", async () => {
  await useForBrowsers(page, person);
  ({ app, page } = await kill(app));
  await heading(page, "Connected");
  expect(await proxyMode(person)).toBe("'none'");
});

test("reconnecting: as when connected", async () => {
  await useForBrowsers(page, person);
  await unheard(company, async () => {
    await heading(page, "Reconnecting");
    ({ app, page } = await kill(app));
    await heading(page, "Reconnecting");
    expect(await proxyMode(person)).toBe("'none'");
  });
  await heading(page, "Connected");
});

test("connected, with sag-tunnel killed too: the next start shows that", async () => {
  await useForBrowsers(page, person);
  await app.killTunnel();
  ({ app, page } = await kill(app));
  await heading(page, "Not connected");
  await page.getByText("The tunnel program stopped unexpectedly.").waitFor();
  expect(await proxyMode(person)).toBe("'none'");
  await press(page, "Connect again");
  await heading(page, "Connected");
});

test("disconnecting: the tunnel finishes, the next start shows it, the browsers' proxy setting is restored", async () => {
  await useForBrowsers(page, person);
  await unanswered(company, async () => {
    await disconnecting(page);
    ({ app, page } = await kill(app));
    await heading(page, "Disconnected");
  });
  expect(await proxyMode(person)).toBe("'none'");
});
