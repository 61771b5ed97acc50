import { warningView } from "../../../electron/core/causes/warnings.ts";
import { connected, disconnected, failed, guarded, locked } from "../fake/sample.ts";
import { firstPage, type Screen } from "./screen.ts";

export const systemModeScreens: Screen[] = [
  {
    name: "connected-system",
    go: async (app, page) => {
      await app.put(connected({ mode: "system", machine: guarded() }));
      await page.getByText("All apps can reach the intranet.").waitFor();
    },
  },
  {
    name: "connected-system-trouble",
    go: async (app, page) => {
      const machine = guarded({}, { trouble: "10.20.0.1 is asked before the intranet's servers." });
      await app.put(connected({ mode: "system", machine, warnings: [warningView("dns_conflict")] }));
      await page.getByText("Some names may not resolve").waitFor();
    },
  },
  {
    name: "blocked-intranet",
    go: async (app, page) => {
      await app.put(failed("no_network", { mode: "system", blocking: "intranet", machine: guarded() }));
      await page.getByText("Blocked:").waitFor();
    },
  },
  {
    name: "lockdown",
    go: async (app, page) => {
      await app.put(disconnected());
      await app.lock(locked());
      await page.getByText("An administrator of this computer can turn it off").waitFor();
    },
  },
  {
    name: "lockdown-portal",
    go: async (app, page) => {
      await app.put(
        failed("captive_portal", { mode: "system", machine: guarded({ blocking: "all", lockdown: true }) }),
      );
      await app.lock(locked({ by: "policy", mayLift: true, portal: { link: "wlan0", leftMs: 260_000 } }));
      await page.getByRole("timer").waitFor();
    },
  },
  {
    name: "lockdown-question",
    go: async (app, page) => {
      await app.lock(locked({ mayLift: true }));
      await page.getByRole("button", { name: "Turn off lockdown" }).click();
      await page.getByRole("alertdialog").waitFor();
    },
    leave: (page) => page.keyboard.press("Escape"),
  },
  {
    name: "lockdown-connected",
    go: async (app, page) => {
      await app.put(connected({ mode: "system", machine: guarded({ blocking: "all", lockdown: true }) }));
      await app.lock(locked());
      await page.getByText("All apps can reach the intranet.").waitFor();
    },
  },
  {
    name: "lockdown-first-start",
    go: async (app, page) => {
      await firstPage(app, page);
      await app.lock(locked({ sinceMs: null }));
      await page.getByRole("region", { name: "Lockdown" }).waitFor();
    },
  },
];
