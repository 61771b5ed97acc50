import { beforeEach, describe, expect } from "vitest";
import { connected, failed, session } from "./fake/sample.ts";
import { app, button, heading, onMainPage, page } from "./main-page.ts";
import { test } from "./shared.ts";

onMainPage();

describe("without a pointer", () => {
  /** Presses Tab until the focus returns to the start; returns the accessible names on the way. */
  const met = async (): Promise<Set<string>> => {
    const names = new Set<string>();
    for (;;) {
      await page.keyboard.press("Tab");
      const name = await page.evaluate(() => nameOf(document.activeElement));
      if (names.has(name)) return names;
      names.add(name);
    }
  };
  /**
   * Everything on the page that can be clicked. In a radio group Tab reaches only one, the arrow keys reach the
   * others.
   */
  const pressable = (): Promise<string[]> =>
    page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>("button, input:not([type=radio]:not(:checked)), [role=slider]")].map(
        (element) => nameOf(element),
      ),
    );
  beforeEach(async () => {
    await page.evaluate(() => {
      const nameOf = (element: Element | null): string =>
        element?.getAttribute("aria-label") || element?.closest("label")?.textContent || element?.textContent || "";
      Object.assign(globalThis, { nameOf });
    });
  });

  test("Tab reaches everything on the main page", async () => {
    const resources = [
      { name: "portal", kind: "web" as const, address: "https://portal.contoso.example/" },
      { name: "build", kind: "ssh" as const, address: "build.contoso.example" },
    ];
    await app.put(connected({ session: session({ resources }), notice: "Maintenance at ten" }));
    await button("Open portal").waitFor();
    const all = await pressable();
    expect(all).toEqual(expect.arrayContaining(["Disconnect", "Open portal", "Copy build", "Dismiss", "Settings"]));
    expect([...(await met())]).toEqual(expect.arrayContaining(all));
  });

  test("Tab reaches everything on the page of a cause and in the settings", async () => {
    const state = failed("session_limit");
    const sessions = [{ id: "1f".repeat(16), deviceName: "build-server", ageMs: 1000, clientIp: "10.77.0.10" }];
    await app.put({ ...state, cause: state.cause && { ...state.cause, sessions } });
    await button("End the session of build-server and connect").waitFor();
    expect([...(await met())]).toEqual(expect.arrayContaining(await pressable()));
    await button("Settings").focus();
    await page.keyboard.press("Enter");
    await heading("Settings").waitFor();
    const all = await pressable();
    expect(all).toEqual(expect.arrayContaining(["Sign out", "Remove Contoso from this computer"]));
    expect([...(await met())]).toEqual(expect.arrayContaining(all));
  });
});
