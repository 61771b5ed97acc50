import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { failureView } from "../../electron/core/causes/failure.ts";
import { warningView } from "../../electron/core/causes/warnings.ts";
import { waitFor } from "../standin/host.ts";
import { connected, contosoId, disconnected, failed, locked } from "./fake/sample.ts";
import { type App, launch } from "./launch.ts";
import { needsStandin } from "./needs.ts";

let app: App;

beforeAll(async () => {
  app = await launch();
  await app.put(disconnected());
  await app.page();
});
afterAll(() => app?.close());

/** Labels of the tray's menu; those of submenus are indented. */
const trayMenu = (): Promise<string[]> =>
  app.host.evaluate(({ Tray }) => {
    const labels = (menu: { items: { label?: string; submenu?: unknown }[] }): string[] =>
      menu.items.flatMap((item) => [
        item.label ?? "",
        ...(Array.isArray(item.submenu) ? labels({ items: item.submenu }).map((label) => `  ${label}`) : []),
      ]);
    return labels(Tray.all[0].menu).filter((label) => label.trim());
  });
const pressTray = (label: string): Promise<void> =>
  app.host.evaluate(({ Tray }, wanted) => {
    Tray.all[0].menu.items.find((item: { label: string }) => item.label === wanted).click();
  }, label);
const trayImage = (): Promise<string> => app.host.evaluate(({ Tray }) => Tray.all[0].image.path.replace(/^.*\//, ""));
const notifications = (): Promise<{ title: string; body: string }[]> =>
  app.host.evaluate(({ Notification }) =>
    Notification.shown.map(({ title, body }: { title: string; body: string }) => ({ title, body })),
  );
const clearNotifications = (): Promise<void> =>
  app.host.evaluate(({ Notification }) => {
    Notification.shown.length = 0;
  });
const visible = (): Promise<boolean> =>
  app.host.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows().some((window: { isVisible(): boolean }) => window.isVisible()),
  );
const closeWindow = (): Promise<void> =>
  app.host.evaluate(({ BrowserWindow }) => {
    BrowserWindow.getAllWindows()[0].close();
  });
const openWindow = async (): Promise<void> => {
  await app.host.evaluate(({ app }) => {
    app.emit("second-instance", {}, ["sag"], "/");
  });
  await waitFor("the window", visible);
};

describe("tray", () => {
  needsStandin();

  test("shows the state, and connects and disconnects", async () => {
    await app.put(disconnected());
    expect(await trayMenu()).toEqual([
      "Contoso: Disconnected",
      "Connect",
      "Intranets",
      "  Contoso: Disconnected",
      "  Add an intranet…",
      "Open SAG",
      "Quit",
    ]);
    await pressTray("Connect");
    await waitFor("connected", async () => (await trayMenu())[0] === "Contoso: Connected · 10.77.0.12");
    expect(await trayImage()).toBe("tray-good-light.png");
    await pressTray("Disconnect");
    await waitFor("disconnected", async () => (await trayMenu())[0] === "Contoso: Disconnected");
  });

  test("shows lockdown, also without an intranet", async () => {
    await app.put(disconnected());
    const line = "Lockdown is on: only VPN traffic is allowed";
    const tip = (): Promise<string> => app.host.evaluate(({ Tray }) => Tray.all[0].toolTip);
    await app.lock(locked());
    expect((await trayMenu()).slice(0, 3)).toEqual(["Contoso: Disconnected", line, "Connect"]);
    expect(await tip()).toBe(`Contoso: Disconnected\n${line}`);
    await app.remove(contosoId);
    expect((await trayMenu()).slice(0, 3)).toEqual(["No intranet yet", line, "Intranets"]);
    await app.lock(null);
    expect((await trayMenu()).slice(0, 2)).toEqual(["No intranet yet", "Intranets"]);
    expect(await tip()).toBe("SAG");
    await app.put(disconnected());
  });

  test("has an icon for every state, also for dark panels", async () => {
    const seen: string[] = [];
    for (const state of [
      disconnected(),
      disconnected({ phase: "connecting" }),
      connected(),
      connected({ warnings: [warningView("udp_blocked")] }),
      failed("no_network"),
    ]) {
      await app.put(state);
      seen.push(await trayImage());
    }
    await app.host.evaluate(({ nativeTheme }) => {
      nativeTheme.shouldUseDarkColors = true;
      nativeTheme.emit("updated");
    });
    seen.push(await trayImage());
    await app.host.evaluate(({ nativeTheme }) => {
      nativeTheme.shouldUseDarkColors = false;
      nativeTheme.emit("updated");
    });
    expect(seen).toEqual([
      "tray-neutral-light.png",
      "tray-progress-light.png",
      "tray-good-light.png",
      "tray-caution-light.png",
      "tray-stopped-light.png",
      "tray-stopped-dark.png",
    ]);
  });
});

describe("closing the window", () => {
  needsStandin();
  beforeEach(async () => {
    await openWindow();
    await clearNotifications();
  });

  test("keeps the tunnel up and notifies once", async () => {
    await app.put(connected());
    await closeWindow();
    expect(await visible()).toBe(false);
    expect(await notifications()).toMatchObject([{ title: "You stay connected" }]);
    expect(await app.asked("disconnect")).toHaveLength(1);
    await openWindow();
    await closeWindow();
    expect(await notifications()).toHaveLength(1);
  });

  test("stops attentive watching until it opens", async () => {
    const attentive = (): Promise<boolean> =>
      app.host.evaluate(() => (globalThis as unknown as { sagFake: { attentive: boolean } }).sagFake.attentive);
    expect(await attentive()).toBe(true);
    await closeWindow();
    expect(await attentive()).toBe(false);
    await openWindow();
    expect(await attentive()).toBe(true);
  });

  test("destroys it after a minute; a new one shows the current state", async () => {
    // Shortens only the one-minute timer.
    await app.host.evaluate(() => {
      const real = globalThis.setTimeout;
      Object.assign(globalThis, {
        realSetTimeout: real,
        setTimeout: (body: () => void, ms: number, ...rest: []) => real(body, ms === 60_000 ? 50 : ms, ...rest),
      });
    });
    await app.put(connected());
    await closeWindow();
    await waitFor("no window", async () =>
      app.host.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length === 0),
    );
    await app.host.evaluate(() => {
      const kept = globalThis as unknown as { realSetTimeout: typeof setTimeout };
      globalThis.setTimeout = kept.realSetTimeout;
    });
    await app.put(failed("kicked"));
    await openWindow();
    const page = await app.page();
    await page.getByText("Your administrator ended your session").waitFor();
  });
});

describe("notifications while the window is not focused", () => {
  needsStandin();
  beforeEach(async () => {
    await openWindow();
    await app.put(connected());
    await closeWindow();
    await clearNotifications();
  });

  test("connection lost, with the cause", async () => {
    await app.put(failed("access_point_unreachable"));
    expect(await notifications()).toEqual([
      {
        title: "No longer connected to Contoso",
        body: "The access point does not answer. Try again. If it still does not answer, ask your administrator. The network you are on may also block it.",
      },
    ]);
  });

  test("kicked, with the administrator's reason", async () => {
    await app.put(failed("kicked", { cause: failureView("kicked", { text: "Laptop reported lost" }) }));
    expect((await notifications())[0]?.body).toContain("Laptop reported lost");
  });

  test("the sign-in ends soon", async () => {
    await app.put(connected({ warnings: [warningView("expires_soon")] }));
    await app.put(connected({ warnings: [warningView("expires_soon")], rxBytes: 2_000_000 }));
    expect(await notifications()).toMatchObject([{ title: "Your sign-in to Contoso ends soon" }]);
  });

  test("none while the window is focused, none for requested changes", async () => {
    await app.put(disconnected());
    await app.put(connected());
    expect(await notifications()).toEqual([]);
    await openWindow();
    await app.put(failed("no_network"));
    expect(await notifications()).toEqual([]);
  });
});

describe("links and second instances", () => {
  needsStandin();

  test("a link opens its page, in a window that was closed", async () => {
    await openWindow();
    await closeWindow();
    await app.host.evaluate(({ app }) => {
      app.emit("second-instance", {}, ["sag", "sag://enroll?server=sag.contoso.example&code=CT7X2"], "/");
    });
    await waitFor("the window", visible);
    const page = await app.page();
    await page.getByRole("heading", { name: "Sign in to Contoso" }).waitFor();
    await page.getByRole("button", { name: "Back" }).click();
  });

  test("other arguments are ignored", async () => {
    await app.host.evaluate(({ app }) => {
      app.emit(
        "second-instance",
        {},
        ["sag", "--inspect", "https://example.com", "sag://other?x", "file:///etc/passwd"],
        "/",
      );
    });
    expect((await app.asked("discover")).length).toBe(1);
  });
});

test("resuming from sleep requests the states", async () => {
  await app.host.evaluate(({ powerMonitor }) => {
    powerMonitor.emit("resume");
  });
});

test("launch at login writes a desktop entry, and removes it", async () => {
  const page = await app.page();
  const file = join(app.workspace.dir, "person/config/autostart/sag.desktop");
  await page.evaluate(() => window.sag.call("setPreferences", { launchAtLogin: true, startHidden: true }));
  expect(readFileSync(file, "utf8")).toMatch(/^Exec=".*" --hidden$/m);
  await page.evaluate(() => window.sag.call("setPreferences", { launchAtLogin: false, startHidden: false }));
  expect(existsSync(file)).toBe(false);
});

describe("quit", () => {
  needsStandin();

  test("asks while connected, and stays if cancelled", async () => {
    await openWindow();
    await app.put(connected());
    await app.host.evaluate(({ app }) => {
      app.quit();
    });
    const asked = await waitFor("the question", () => app.host.evaluate(({ dialog }) => dialog.asked.at(-1) ?? null));
    expect(asked).toMatchObject({
      message: "You are connected to Contoso",
      buttons: ["Disconnect and quit", "Quit and stay connected", "Cancel"],
    });
    expect(await app.asked("disconnect")).toHaveLength(1);
  });

  test("disconnects if chosen", async () => {
    const own = await launch();
    await own.put(connected());
    await own.page();
    await own.host.evaluate(({ app, dialog }) => {
      dialog.answers.push(0);
      const { sagFake } = globalThis as unknown as import("./launch.ts").FakeGlobals;
      app.on("quit", () => process.stderr.write(`asked ${sagFake.asked.map(({ call }) => call).join()}\n`));
      app.quit();
    });
    await waitFor("its last words", () => own.host.errors.some((line) => line.includes("asked disconnect")));
    await own.close();
  });
});

describe("a second instance", () => {
  needsStandin();

  test("passes its link to the first one and quits", async () => {
    const first = await launch();
    await first.page();
    const second = await launch({
      workspace: first.workspace,
      args: ["sag://enroll?server=sag.contoso.example&code=CT7X2"],
    });
    const page = await first.page();
    await page.getByRole("heading", { name: "Sign in to Contoso" }).waitFor();
    await second.host.close();
    await first.close();
  });
});
