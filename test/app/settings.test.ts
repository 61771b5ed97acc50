import { describe, expect } from "vitest";
import { at } from "../../build/lib/root.ts";
import { connected, contosoId } from "./fake/sample.ts";
import { app, button, heading, onMainPage, page } from "./main-page.ts";
import { test } from "./shared.ts";

onMainPage();

describe("settings", () => {
  test("the licences of built-in components can be opened", async () => {
    await button("Settings").click();
    await app.host.evaluate(({ shell }) => shell.opened.splice(0));
    await button("Open-source licences").click();
    await expect
      .poll(() => app.host.evaluate(({ shell }) => shell.opened))
      .toEqual([at("dist/app/THIRD_PARTY_LICENSES.txt")]);
    expect(await page.getByRole("alert").count()).toBe(0);
    await button("Back").click();
  });

  test("are kept", async () => {
    await button("Settings").click();
    await heading("Settings").waitFor();
    expect(await heading("Settings").evaluate((element) => element === document.activeElement)).toBe(true);
    await page.getByText("Connect when the app starts").click();
    await page.getByText("Dark", { exact: true }).click();
    await expect.poll(() => page.evaluate(() => document.documentElement.dataset.theme)).toBe("dark");
    await page.reload();
    await button("Settings").click();
    expect(await page.getByRole("switch", { name: "Connect when the app starts" }).isChecked()).toBe(true);
    await page.getByText("Connect when the app starts").click();
    await page.getByText("Match system").click();
    await button("Back").click();
  });

  test("sign-out asks first and says what it does", async () => {
    await button("Settings").click();
    await button("Sign out").click();
    const question = page.getByRole("alertdialog");
    await question.getByText("You will need your password to sign in again.").waitFor();
    // Not connected, so nothing is said about disconnecting.
    expect(await question.getByText("You will be disconnected").count()).toBe(0);
    await question.getByRole("button", { name: "Cancel" }).click();
    await question.waitFor({ state: "detached" });
    expect(await button("Sign out").evaluate((element) => element === document.activeElement)).toBe(true);
    await button("Sign out").click();
    await question.getByRole("button", { name: "Sign out" }).click();
    await heading("Signed out").waitFor();
    expect((await app.asked("signOut")).at(-1)).toEqual({ intranet: contosoId, forget: false });
  });
});

test("a refused sign-out says why, and leaves the settings open", async () => {
  await app.put(connected());
  await button("Settings").click();
  await app.failNext("signOut", "not_permitted");
  await button("Sign out").click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("alert").getByText("You don't have permission to do this.").waitFor();
  await heading("Settings").waitFor();
  await button("Back").click();
});

test("Back stays visible while scrolling, and Escape goes back as well", async () => {
  await button("Settings").click();
  await heading("Settings").waitFor();
  await page.setViewportSize({ width: 360, height: 420 });
  await page.getByText("Remove Contoso from this computer").scrollIntoViewIfNeeded();
  await page.locator(".page").evaluate((element) => element.scrollTo(0, element.scrollHeight));
  const box = await button("Back").boundingBox();
  expect(box && box.y >= 0 && box.y < 60).toBe(true);
  // Escape closes only the question.
  await button("Remove Contoso from this computer").click();
  await page.getByRole("alertdialog").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("alertdialog").waitFor({ state: "detached" });
  await heading("Settings").waitFor();
  await page.keyboard.press("Escape");
  await heading("Disconnected").waitFor();
  await page.setViewportSize({ width: 420, height: 680 });
});

test("signing out of or removing a connected intranet says that it disconnects", async () => {
  await app.put(connected());
  await button("Settings").click();
  await button("Sign out").click();
  await page.getByRole("alertdialog").getByText("You will be disconnected").waitFor();
  await page.getByRole("alertdialog").getByRole("button", { name: "Cancel" }).click();
  await button("Remove Contoso from this computer").click();
  await page.getByRole("alertdialog").getByText("You will be disconnected").waitFor();
  await page.getByRole("alertdialog").getByRole("button", { name: "Cancel" }).click();
});
