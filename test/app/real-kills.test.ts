import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { givenCompany } from "../e2e/fixture.ts";
import { must } from "../harness/command.ts";
import type { Person } from "../harness/person.ts";
import { waitFor } from "../standin/host.ts";
import type { App } from "./launch.ts";
import { launchReal, signIn } from "./real.ts";

/** kill -9, whoever it hits and whenever: the next start shows the truth, and the browsers' setting is what it was. */
const company = givenCompany();

const heading = (page: Page, name: string | RegExp): Promise<void> => page.getByRole("heading", { name }).waitFor();

const proxyMode = async (person: Person): Promise<string> => {
  const env = { ...person.env, GSETTINGS_BACKEND: "keyfile" };
  return (await must(["gsettings", "get", "org.gnome.system.proxy", "mode"], { env })).trim();
};

interface Started {
  person: Person;
  app: App;
  page: Page;
}

const start = async (person: Person): Promise<Started> => {
  const app = await launchReal(company, person);
  return { person, app, page: await app.page() };
};

/** Signed in, connected, browsers going through the tunnel. */
const inUse = async (name: string): Promise<Started> => {
  const started = await start(company.person(name));
  const { page, person } = started;
  await signIn(page, company);
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  await heading(page, "Connected");
  await page.getByText("Use for this computer's browsers").click();
  await expect.poll(() => proxyMode(person)).toBe("'auto'");
  return started;
};

/** The browser processes of a main process; sag-tunnel is another child of it, and not meant. */
const browsersOf = (pid: number): number[] =>
  readFileSync(join("/proc", `${pid}`, "task", `${pid}`, "children"), "utf8")
    .trim()
    .split(" ")
    .map(Number)
    .filter((child) => /chrom|electron/.test(readFileSync(join("/proc", `${child}`, "cmdline"), "utf8")));

describe("main", () => {
  it("connected: the tunnel goes on, the next start shows it, the browsers' setting is as it was", async () => {
    const { person, app } = await inUse("main-connected");
    await app.host.kill("SIGKILL");
    expect(await proxyMode(person)).toBe("'auto'");
    const { app: again, page } = await start(person);
    await heading(page, "Connected");
    expect(await proxyMode(person)).toBe("'none'");
    await page.getByRole("button", { name: "Disconnect" }).click();
    await heading(page, "Disconnected");
    await again.host.close();
  });

  it("while connecting: the next start shows what has become of it", async () => {
    const { person, app, page } = await start(company.person("main-connecting"));
    await signIn(page, company);
    await page.getByRole("button", { name: "Connect", exact: true }).click();
    await app.host.kill("SIGKILL");
    const { app: again, page: now } = await start(person);
    const told = await person.status();
    await heading(
      now,
      { connected: "Connected", connecting: "Connecting" }[told.phase] ?? /^(Disconnected|Not connected)$/,
    );
    await now.getByRole("button", { name: /^(Connect|Connect again|Try again|Disconnect|Cancel)$/ }).waitFor();
    await again.host.close();
  });

  it("signed out and disconnected: nothing is different", async () => {
    const { person, app, page } = await start(company.person("main-disconnected"));
    await signIn(page, company);
    await app.host.kill("SIGKILL");
    const { app: again, page: now } = await start(person);
    await heading(now, "Disconnected");
    await again.host.close();
  });
});

it("the window's process, connected: the tunnel and the setting stay, the next window shows the truth", async () => {
  const { person, app } = await inUse("window");
  for (const pid of browsersOf(app.host.pid)) process.kill(pid, "SIGKILL");
  await waitFor("no window", () =>
    app.host.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length === 0),
  );
  expect((await person.status()).phase).toBe("connected");
  expect(await proxyMode(person)).toBe("'auto'");
  await app.host.evaluate(({ app }) => {
    app.emit("second-instance", {}, ["sag"], "/");
  });
  await heading(await app.page(), "Connected");
  await person.disconnect();
  await expect.poll(() => proxyMode(person)).toBe("'none'");
  await app.host.close();
});

describe("sag-tunnel", () => {
  it("connected: said at once, the browsers' setting is out; connecting again takes both up", async () => {
    const { person, app, page } = await inUse("tunnel-connected");
    await app.killTunnel();
    await heading(page, "Not connected");
    await page.getByText("The tunnel program has stopped unexpectedly.").waitFor();
    await expect.poll(() => proxyMode(person)).toBe("'none'");
    await page.getByRole("button", { name: "Connect again" }).click();
    await heading(page, "Connected");
    await expect.poll(() => proxyMode(person)).toBe("'auto'");
    await app.host.close();
    expect(await proxyMode(person)).toBe("'none'");
    await person.disconnect();
  });

  it("and main, both: the next start says it", async () => {
    const { person, app } = await inUse("both");
    await app.killTunnel();
    await app.host.kill("SIGKILL");
    const { app: again, page } = await start(person);
    await heading(page, "Not connected");
    await page.getByText("The tunnel program has stopped unexpectedly.").waitFor();
    expect(await proxyMode(person)).toBe("'none'");
    await again.host.close();
    await person.disconnect();
  });
});
