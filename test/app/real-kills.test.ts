import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, describe, expect, it } from "vitest";
import { givenCompany } from "../e2e/fixture.ts";
import { must } from "../harness/command.ts";
import type { Person } from "../harness/person.ts";
import { waitFor } from "../standin/host.ts";
import type { App } from "./launch.ts";
import { launchReal, signIn } from "./real.ts";

/** kill -9, whoever it hits and whenever: the next start shows the truth, and the browsers' setting is what it was. */
const company = givenCompany();

const heading = (page: Page, name: string): Promise<void> =>
  page.getByRole("heading", { name, exact: true }).waitFor({ timeout: 15_000 });

const proxyMode = async (person: Person): Promise<string> => {
  const env = { ...person.env, GSETTINGS_BACKEND: "keyfile" };
  return (await must(["gsettings", "get", "org.gnome.system.proxy", "mode"], { env })).trim();
};

/** A window on what is there. */
const start = async (person: Person): Promise<{ app: App; page: Page }> => {
  const app = await launchReal(company, person);
  return { app, page: await app.page() };
};

/** The access point hears nothing for as long as `body` takes: who is connecting goes on doing so, who is connected loses it. */
const unheard = async (body: () => Promise<void>): Promise<void> => {
  const pid = company.site.accessPoints[0]?.ready.pid ?? 0;
  process.kill(pid, "SIGSTOP");
  try {
    await body();
  } finally {
    process.kill(pid, "SIGCONT");
  }
};

const press = (page: Page, name: string | RegExp): Promise<void> =>
  page.getByRole("button", { name, exact: typeof name === "string" }).click();

/** Connects without an answer, until the tunnel itself says that it is at it. */
const connecting = async (page: Page, person: Person): Promise<void> => {
  await press(page, /^(Connect|Connect again|Try again)$/);
  await waitFor("connecting", async () => (await person.status()).phase === "connecting");
};

const useForBrowsers = async (page: Page, person: Person): Promise<void> => {
  await page.getByText("Use for this computer's browsers").click();
  await expect.poll(() => proxyMode(person)).toBe("'auto'");
};

const disconnect = async (page: Page): Promise<void> => {
  await press(page, "Disconnect");
  await heading(page, "Disconnected");
};

/** The browser processes of a main process; sag-tunnel is another child of it, and not meant. */
const browsersOf = (pid: number): number[] =>
  readFileSync(join("/proc", `${pid}`, "task", `${pid}`, "children"), "utf8")
    .trim()
    .split(" ")
    .map(Number)
    .filter((child) => {
      try {
        return /chrom|electron/.test(readFileSync(join("/proc", `${child}`, "cmdline"), "utf8"));
      } catch {
        // It has ended by itself meanwhile.
        return false;
      }
    });

describe("main", () => {
  const kill = async (app: App): Promise<{ app: App; page: Page }> => {
    await app.host.kill("SIGKILL");
    return start(person);
  };
  let person: Person;
  let app: App;
  let page: Page;
  afterAll(() => app?.host.close());

  it("disconnected: nothing is different", async () => {
    person = company.person("main");
    ({ app, page } = await start(person));
    await signIn(page, company);
    ({ app, page } = await kill(app));
    await heading(page, "Disconnected");
  });

  it("connecting: the tunnel goes on, the next start shows that it does", async () => {
    await unheard(async () => {
      await connecting(page, person);
      ({ app, page } = await kill(app));
      await heading(page, "Connecting");
    });
    await heading(page, "Connected");
  });

  it("connected: the tunnel goes on, the next start shows it, the browsers' setting is as it was", async () => {
    await useForBrowsers(page, person);
    ({ app, page } = await kill(app));
    await heading(page, "Connected");
    expect(await proxyMode(person)).toBe("'none'");
  });

  it("reconnecting: as when connected", async () => {
    await useForBrowsers(page, person);
    await unheard(async () => {
      await heading(page, "Reconnecting");
      ({ app, page } = await kill(app));
      await heading(page, "Reconnecting");
      expect(await proxyMode(person)).toBe("'none'");
    });
    await heading(page, "Connected");
  });

  it("connected, and sag-tunnel with it: the next start says it", async () => {
    await useForBrowsers(page, person);
    await app.killTunnel();
    ({ app, page } = await kill(app));
    await heading(page, "Not connected");
    await page.getByText("The tunnel program has stopped unexpectedly.").waitFor();
    expect(await proxyMode(person)).toBe("'none'");
    await press(page, "Connect again");
    await heading(page, "Connected");
    await disconnect(page);
  });
});

describe("the window's processes, and sag-tunnel", () => {
  let person: Person;
  let app: App;
  let page: Page;
  afterAll(() => app?.host.close());

  /** Until there is no window; then one is opened again. */
  const killWindow = async (): Promise<void> => {
    for (const pid of browsersOf(app.host.pid)) process.kill(pid, "SIGKILL");
    await waitFor("no window", () =>
      app.host.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length === 0),
    );
    await app.host.evaluate(({ app }) => {
      app.emit("second-instance", {}, ["sag"], "/");
    });
    page = await app.page();
  };
  /** Until the window says so. */
  const killTunnel = async (): Promise<void> => {
    await app.killTunnel();
    await heading(page, "Not connected");
    await page.getByText("The tunnel program has stopped unexpectedly.").waitFor();
    await expect.poll(() => proxyMode(person)).toBe("'none'");
  };

  it("disconnected: the next window shows it", async () => {
    person = company.person("window");
    ({ app, page } = await start(person));
    await signIn(page, company);
    await killWindow();
    await heading(page, "Disconnected");
  });

  it("connecting: the next window shows it; without the tunnel it is said, and connecting again works", async () => {
    await unheard(async () => {
      await connecting(page, person);
      await killWindow();
      await heading(page, "Connecting");
      await killTunnel();
    });
    await press(page, /^(Connect again|Try again)$/);
    await heading(page, "Connected");
  });

  it("connected: tunnel and setting stay, the next window shows it; without the tunnel the setting is out until it is back", async () => {
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

  it("reconnecting: as when connected", async () => {
    await unheard(async () => {
      await heading(page, "Reconnecting");
      await killWindow();
      await heading(page, "Reconnecting");
      await killTunnel();
    });
    await press(page, "Connect again");
    await heading(page, "Connected");
    await expect.poll(() => proxyMode(person)).toBe("'auto'");
    await disconnect(page);
    await expect.poll(() => proxyMode(person)).toBe("'none'");
  });
});
