import { warningView } from "../../../electron/core/causes/warnings.ts";
import { noneAnswers } from "../../../electron/core/state/tunnel-view.ts";
import { brokenChain, connected, disconnected, failed, session } from "../fake/sample.ts";
import type { App } from "../launch.ts";
import { heading, type Screen } from "./screen.ts";

/** Sample traffic. */
const traffic = async (app: App): Promise<void> => {
  await app.host.evaluate(() => {
    const { sagFake, sagSample } = globalThis as unknown as import("../launch.ts").FakeGlobals;
    const real = Date.now;
    const now = real();
    let rx = 1_000_000;
    let tx = 200_000;
    for (let second = 300; second >= 0; second -= 1) {
      Date.now = () => now - second * 1000;
      const wave = Math.max(0, Math.sin(second / 23 + 2) + Math.sin(second / 7) / 3);
      rx += Math.round(1_550_000 * wave);
      tx += Math.round(140_000 * (0.3 + wave / 2));
      // A separate session, so that earlier counters are not in the graph.
      const session = sagSample.session({ id: "ses-morning" });
      const clientIp = second > 0 ? "10.77.0.11" : "10.77.0.12";
      sagFake.put(sagSample.connected({ session, clientIp, rxBytes: rx, txBytes: tx }));
    }
    Date.now = real;
  });
};

export const connectionScreens: Screen[] = [
  {
    name: "disconnected",
    go: async (app, page) => {
      await app.put(disconnected());
      await heading(page, "Disconnected");
    },
  },
  {
    name: "connecting",
    go: async (app, page) => {
      await app.put(disconnected({ phase: "connecting" }));
      await heading(page, "Connecting");
    },
  },
  {
    name: "connected",
    go: async (app, page) => {
      await traffic(app);
      // Waits until the last state has been drawn.
      await page.getByText("10.77.0.12").waitFor();
    },
  },
  {
    name: "connected-warning",
    go: async (app, page) => {
      await app.put(connected({ hops: brokenChain(), warnings: [warningView("instance_unreachable")] }));
      await heading(page, "Connected");
    },
  },
  {
    name: "connected-sign-in-ends",
    go: async (app, page) => {
      await app.put(connected({ warnings: [warningView("expires_soon"), warningView("udp_blocked")] }, false));
      await page.getByText("Your sign-in ends soon.").waitFor();
    },
  },
  {
    name: "nothing-reachable",
    go: async (app, page) => {
      const resources = [{ name: "portal", kind: "web" as const, address: "https://portal.contoso.example/" }];
      await app.put(connected({ session: session({ routes: [], resources }), warnings: [warningView("no_routes")] }));
      await heading(page, "Nothing can be reached");
    },
  },
  {
    name: "disconnect-refused",
    go: async (app, page) => {
      await app.put(connected());
      await app.failNext("disconnect", "not_permitted");
      await page.getByRole("button", { name: "Disconnect" }).click();
      await page.getByText("You don't have permission to do this.").waitFor();
    },
  },
  {
    name: "connected-resources",
    go: async (app, page) => {
      const resources = [
        { name: "portal", kind: "web" as const, address: "https://portal.contoso.example/" },
        { name: "wiki", kind: "web" as const, address: "https://wiki.contoso.example/" },
        { name: "build server", kind: "ssh" as const, address: "build.contoso.example" },
        {
          name: "Customer relations, archive of the north",
          kind: "web" as const,
          address: "https://crm.contoso.example/",
        },
      ];
      await app.put(connected({ session: session({ resources }) }));
      await page.getByRole("button", { name: "Open portal" }).waitFor();
    },
  },
  {
    name: "connected-notice",
    go: async (app, page) => {
      await app.put(
        connected({ notice: "Maintenance on Saturday from 22:00 to 23:00. Connections end for some minutes." }),
      );
      await page.getByText("Maintenance on Saturday").waitFor();
    },
  },
  {
    name: "access-point",
    go: async (app, page) => {
      await app.put(connected());
      await page.getByRole("button", { name: "Access point: Frankfurt" }).click();
      await page.getByRole("dialog").waitFor();
    },
    leave: (page) => page.keyboard.press("Escape"),
  },
  {
    name: "reconnecting",
    go: async (app, page) => {
      await app.put(connected({ phase: "reconnecting" }));
      await heading(page, "Reconnecting");
    },
  },
  {
    name: "reconnecting-none-answers",
    go: async (app, page) => {
      await app.put(connected({ phase: "reconnecting", cause: noneAnswers(false) }));
      await page.getByText("None of your company's access points answers.").waitFor();
    },
  },
  {
    name: "disconnecting",
    go: async (app, page) => {
      await app.put(connected({ phase: "disconnecting" }));
      await heading(page, "Disconnecting");
    },
  },
  {
    name: "failed",
    go: async (app, page) => {
      await app.put(failed("access_point_unreachable"));
      await heading(page, "Not connected");
    },
  },
  {
    name: "session-limit",
    go: async (app, page) => {
      const state = failed("session_limit");
      const sessions = [
        { id: "ses-1", deviceName: "anna-laptop", ageMs: 3_600_000, clientIp: "10.77.0.9" },
        { id: "ses-2", deviceName: "build-server", ageMs: 86_400_000, clientIp: "10.77.0.10" },
        { id: "ses-3", deviceName: "anna-phone", ageMs: 60_000, clientIp: "10.77.0.11" },
      ];
      await app.put({ ...state, cause: state.cause && { ...state.cause, sessions } });
      await page.getByText("build-server").waitFor();
    },
  },
];
