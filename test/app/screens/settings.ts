import { connected, disconnected, failed, guarded } from "../fake/sample.ts";
import { heading, type Screen } from "./screen.ts";

const other = { intranet: "fabrikam", intranetId: "fabrikam1", displayName: "Fabrikam Research", userName: "a.meier" };

export const settingsScreens: Screen[] = [
  {
    name: "signed-out",
    go: async (app, page) => {
      await app.lock(null);
      await app.put(failed("sign_in_expired", { phase: "signed_out" }));
      await heading(page, "Signed out");
    },
  },
  {
    name: "networks",
    go: async (app, page) => {
      await app.put(connected());
      await app.put(disconnected(other));
      await page.getByRole("button", { name: "Intranet: Contoso" }).click();
      await page.getByRole("menu").waitFor();
    },
    leave: (page) => page.keyboard.press("Escape"),
  },
  {
    name: "settings",
    go: async (app, page) => {
      await app.remove(other.intranetId);
      await app.put(connected());
      await page.getByRole("button", { name: "Settings" }).click();
      await heading(page, "Settings");
    },
    leave: (page) => page.getByRole("button", { name: "Back" }).click(),
  },
  {
    name: "settings-advanced",
    go: async (app, page) => {
      await app.put(connected({ mode: "system", machine: guarded() }));
      await page.getByRole("button", { name: "Settings" }).click();
      await page.getByText("systemd-resolved").scrollIntoViewIfNeeded();
    },
    leave: (page) => page.getByRole("button", { name: "Back" }).click(),
  },
  {
    name: "sign-out-question",
    go: async (app, page) => {
      await app.put(connected());
      await page.getByRole("button", { name: "Settings" }).click();
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.getByRole("alertdialog").waitFor();
    },
  },
];
