import { describe } from "vitest";
import { connected } from "./fake/sample.ts";
import { app, button, heading, onMainPage, page } from "./main-page.ts";
import { test } from "./shared.ts";

onMainPage();

const fabrikam = { intranet: "fabrikam", intranetId: "fabrikam1", displayName: "Fabrikam" };

describe("several intranets", () => {
  test("each has its own state; the window shows the chosen one, also when it is reopened", async () => {
    await app.put(connected(fabrikam));
    await button("Intranet: Contoso").click();
    await page.getByRole("menuitem", { name: /Fabrikam/ }).click();
    await heading("Connected").waitFor();
    await page.reload();
    await button("Intranet: Fabrikam").waitFor();
    await button("Intranet: Fabrikam").click();
    await page.getByRole("menuitem", { name: /Contoso/ }).click();
    await heading("Disconnected").waitFor();
    await app.remove(fabrikam.intranetId);
  });

  test("the settings say which one they mean", async () => {
    await app.put(connected(fabrikam));
    await button("Settings").click();
    await page.getByText("Connects Contoso, or the intranet that you choose next.").waitFor();
    await app.remove(fabrikam.intranetId);
    await page.getByText("Connects Contoso").waitFor({ state: "detached" });
    await button("Back").click();
  });

  test("two with the same name are labelled differently", async () => {
    await app.put(connected({ intranet: "contoso-2", intranetId: "contoso02", userName: "bob" }));
    await button("Intranet: Contoso (anna)").click();
    await page.getByRole("menuitem", { name: "Contoso (bob)" }).waitFor();
    await page.keyboard.press("Escape");
    await app.remove("contoso02");
    await button("Intranet: Contoso").waitFor();
  });

  test("another one can be added, and Back returns", async () => {
    await button("Intranet: Contoso").click();
    await page.getByRole("menuitem", { name: "Add an intranet" }).click();
    await heading("Connect to your company").waitFor();
    await button("Back").click();
    await heading("Disconnected").waitFor();
  });
});
