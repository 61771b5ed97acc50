import type { Page } from "playwright-core";
import { afterAll, expect } from "vitest";
import type { Company } from "../e2e/fixture.ts";
import type { Person } from "../harness/person.ts";
import { waitFor } from "../standin/host.ts";
import {
  browsersOf,
  connecting,
  disconnecting,
  press,
  proxyMode,
  start,
  unanswered,
  unheard,
  useForBrowsers,
} from "./kills.ts";
import type { App } from "./launch.ts";
import { enter, heading } from "./real.ts";
import { tellLogs, test } from "./shared.ts";

/**
 * kill -9 of the window's processes and of sag-tunnel in every phase: the window shows the actual state, and the
 * browsers' proxy setting is right.
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

/** Kills the browser and waits until the window is gone. */
const killBrowsers = async (): Promise<void> => {
  for (const pid of browsersOf(app.host.pid)) process.kill(pid, "SIGKILL");
  await waitFor("no window", () =>
    app.host.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length === 0),
  );
};
const openWindow = async (): Promise<void> => {
  await app.host.evaluate(({ app }) => {
    app.emit("second-instance", {}, ["sag"], "/");
  });
  page = await app.page();
};
const killWindow = async (): Promise<void> => {
  await killBrowsers();
  await openWindow();
};
/** Kills the tunnel and waits until the window shows it. */
const killTunnel = async (): Promise<void> => {
  await app.killTunnel();
  await heading(page, "Not connected");
  await page.getByText("The tunnel program stopped unexpectedly.").waitFor();
  await expect.poll(() => proxyMode(person)).toBe("'none'");
};

test("signing in: main continues, and the next window shows the outcome", async () => {
  person = company.person("window");
  ({ app, page } = await start(company, person));
  await enter(page, company);
  await unanswered(company, async () => {
    await press(page, "Sign in");
    await page.getByRole("button", { name: "Signing in" }).waitFor();
    await killBrowsers();
  });
  await openWindow();
  await heading(page, "Disconnected");
});

test("disconnected: the next window shows it", async () => {
  await killWindow();
  await heading(page, "Disconnected");
});

test("connecting: the next window shows it; without the tunnel it reports that, and connecting again works", async () => {
  await unheard(company, async () => {
    await connecting(page);
    await killWindow();
    await heading(page, "Connecting");
    await killTunnel();
  });
  await press(page, /^(Connect again|Try again)$/);
  await heading(page, "Connected");
});

test("connected: tunnel and proxy setting stay, the next window shows it; without the tunnel the setting is restored until it is back", async () => {
  await useForBrowsers(page, person);
  await killWindow();
  await heading(page, "Connected");
  expect((await person.status()).phase).toBe("connected");
  expect(await proxyMode(person)).toBe("'auto'");
  await killTunnel();
  await press(page, "Connect again");
  await heading(page, "Connected");
  await expect.poll(() => proxyMode(person)).toBe("'auto'");
});

test("reconnecting: as when connected", async () => {
  await unheard(company, async () => {
    await heading(page, "Reconnecting");
    await killWindow();
    await heading(page, "Reconnecting");
    await killTunnel();
  });
  await press(page, "Connect again");
  await heading(page, "Connected");
  await expect.poll(() => proxyMode(person)).toBe("'auto'");
});

test("disconnecting: the next window shows the end; without the tunnel, it is disconnected", async () => {
  await unanswered(company, async () => {
    await disconnecting(page);
    await killWindow();
    await heading(page, "Disconnected");
  });
  await expect.poll(() => proxyMode(person)).toBe("'none'");
  await press(page, "Connect");
  await heading(page, "Connected");
  // Once turned on, the setting returns with every connection.
  await expect.poll(() => proxyMode(person)).toBe("'auto'");
  await unanswered(company, async () => {
    await disconnecting(page);
    await app.killTunnel();
    await heading(page, "Disconnected");
  });
  await expect.poll(() => proxyMode(person)).toBe("'none'");
  expect((await person.status()).phase).toBe("disconnected");
});
