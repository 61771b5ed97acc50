import type { Page } from "playwright-core";
import { warningView } from "../../electron/core/causes/warnings.ts";
import { brokenChain, connected, contosoId, disconnected, failed, guarded, locked, session } from "./fake/sample.ts";
import type { App } from "./launch.ts";

/** A screen, and how a person gets there from the one before or from a page that was just loaded. */
export interface Screen {
  name: string;
  go(app: App, page: Page): Promise<void>;
  /** Closes what it opened; without it, the next one can follow as it is. */
  leave?(page: Page): Promise<void>;
}

const link = "sag://enroll?server=sag.contoso.example&code=CT7X2";
const other = { intranet: "fabrikam", intranetId: "fabrikam1", displayName: "Fabrikam Research", userName: "a.meier" };

const paste = async (page: Page, text: string): Promise<void> => {
  await page.getByLabel("Enrolment link or enterprise code").fill(text);
  await page.getByRole("button", { name: "Continue" }).click();
};
const fillSignIn = async (page: Page): Promise<void> => {
  await page.getByLabel("User name").fill("anna");
  await page.getByLabel("Password", { exact: true }).fill("correct horse");
  await page.getByRole("button", { name: "Sign in" }).click();
};
/** Whatever was typed there before is gone. */
const firstPage = async (app: App, page: Page): Promise<void> => {
  await app.put(disconnected());
  await heading(page, "Disconnected");
  await app.remove(contosoId);
  await heading(page, "Connect to your company");
};
const signInStep = async (app: App, page: Page): Promise<void> => {
  await firstPage(app, page);
  await paste(page, link);
  await page.getByRole("heading", { name: "Sign in to Contoso" }).waitFor();
};
const toReset = async (page: Page): Promise<void> => {
  await page.getByLabel("User name").fill("anna");
  await page.getByRole("button", { name: "Forgotten password?" }).click();
  await page.getByRole("button", { name: "Send the code" }).click();
  await heading(page, "Check your mail");
};
const heading = (page: Page, name: string): Promise<void> => page.getByRole("heading", { name, exact: true }).waitFor();

/** Traffic as of a morning's work, told second by second. */
const traffic = async (app: App): Promise<void> => {
  await app.host.evaluate(() => {
    const { sagFake, sagSample } = globalThis as unknown as import("./launch.ts").FakeGlobals;
    const real = Date.now;
    const now = real();
    let rx = 1_000_000;
    let tx = 200_000;
    for (let second = 300; second >= 0; second -= 1) {
      Date.now = () => now - second * 1000;
      const wave = Math.max(0, Math.sin(second / 23 + 2) + Math.sin(second / 7) / 3);
      rx += Math.round(1_550_000 * wave);
      tx += Math.round(140_000 * (0.3 + wave / 2));
      // A session of its own: what was counted before this morning is not in the graph.
      const session = sagSample.session({ id: "ses-morning" });
      const clientIp = second > 0 ? "10.77.0.11" : "10.77.0.12";
      sagFake.put(sagSample.connected({ session, clientIp, rxBytes: rx, txBytes: tx }));
    }
    Date.now = real;
  });
};

export const screens: Screen[] = [
  {
    name: "first-start",
    go: async (app, page) => {
      await firstPage(app, page);
    },
  },
  {
    name: "first-start-code",
    go: async (app, page) => {
      await firstPage(app, page);
      await page.getByLabel("Enrolment link or enterprise code").fill("CT7X2");
      await page.getByLabel("Server").waitFor();
    },
  },
  {
    name: "first-start-unreachable",
    go: async (app, page) => {
      await firstPage(app, page);
      await app.failNext("discover", "instance_unreachable", { subject: "sag.contoso.example" });
      await paste(page, link);
      await page.getByRole("alert").waitFor();
    },
  },
  { name: "sign-in", go: signInStep },
  {
    name: "sign-in-wrong-password",
    go: async (app, page) => {
      await signInStep(app, page);
      await app.failNext("signIn", "bad_credentials");
      await fillSignIn(page);
      await page.getByRole("alert").waitFor();
    },
  },
  {
    name: "sign-in-no-keychain",
    go: async (app, page) => {
      await signInStep(app, page);
      await app.failNext("signIn", "keychain_unavailable");
      await fillSignIn(page);
      await page.getByText("Keep me signed in with a file").waitFor();
    },
  },
  {
    name: "sign-in-forgotten",
    go: async (app, page) => {
      await signInStep(app, page);
      await page.getByLabel("User name").fill("anna");
      await page.getByRole("button", { name: "Forgotten password?" }).click();
      await heading(page, "Forgotten password");
    },
  },
  {
    name: "sign-in-reset",
    go: async (app, page) => {
      await signInStep(app, page);
      await toReset(page);
    },
  },
  {
    name: "sign-in-reset-wrong-code",
    go: async (app, page) => {
      await signInStep(app, page);
      await toReset(page);
      await app.failNext("resetPassword", "bad_credentials", { field: "code" });
      await page.getByLabel("Code from the mail").fill("K7M2P-Q9XYZ");
      await page.getByLabel("New password", { exact: true }).fill("battery staple");
      await page.getByLabel("New password again").fill("battery staple");
      await page.keyboard.press("Enter");
      await page.getByRole("alert").waitFor();
    },
  },
  {
    name: "identity",
    go: async (app, page) => {
      await firstPage(app, page);
      await app.set({ selfMade: true });
      await paste(page, link);
      await heading(page, "Is this the right server?");
      await app.set({ selfMade: false });
    },
  },
  {
    name: "second-factor",
    go: async (app, page) => {
      await signInStep(app, page);
      await app.failNext("signIn", "second_factor_required");
      await fillSignIn(page);
      await heading(page, "Enter your code");
    },
  },
  {
    name: "second-factor-wrong",
    go: async (app, page) => {
      await signInStep(app, page);
      await app.failNext("signIn", "second_factor_required", { field: "otp" });
      await app.failNext("signIn", "second_factor_required", { field: "otp", text: "This code is not right." });
      await fillSignIn(page);
      await page.getByLabel("Six-digit code").fill("123456");
      await page.keyboard.press("Enter");
      await page.getByRole("alert").waitFor();
    },
  },
  {
    name: "second-factor-set-up",
    go: async (app, page) => {
      await signInStep(app, page);
      await app.failNext("signIn", "second_factor_required", { field: "second_factor" });
      await fillSignIn(page);
      await heading(page, "Set up your authenticator");
    },
  },
  {
    name: "new-password",
    go: async (app, page) => {
      await signInStep(app, page);
      await app.failNext("signIn", "password_change_required");
      await fillSignIn(page);
      await heading(page, "Choose a new password");
    },
  },
  {
    name: "new-password-code",
    go: async (app, page) => {
      await signInStep(app, page);
      await app.failNext("signIn", "password_change_required");
      await fillSignIn(page);
      await app.failNext("changePassword", "second_factor_required");
      await page.getByLabel("New password", { exact: true }).fill("battery staple");
      await page.getByLabel("New password again").fill("battery staple");
      await page.keyboard.press("Enter");
      await page.getByLabel("Six-digit code").waitFor();
    },
  },
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
      // The last of it has been drawn.
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
  {
    name: "connected-system",
    go: async (app, page) => {
      await app.put(connected({ mode: "system", machine: guarded() }));
      await page.getByText("For the whole computer").waitFor();
    },
  },
  {
    name: "connected-system-trouble",
    go: async (app, page) => {
      const machine = guarded({}, { trouble: "10.20.0.1 is asked before the intranet's servers." });
      await app.put(connected({ mode: "system", machine, warnings: [warningView("dns_conflict")] }));
      await page.getByText("Names may go astray").waitFor();
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
      await page.getByText("An administrator of this computer can lift it").waitFor();
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
      await page.getByRole("button", { name: "Lift lockdown" }).click();
      await page.getByRole("alertdialog").waitFor();
    },
    leave: (page) => page.keyboard.press("Escape"),
  },
  {
    name: "lockdown-connected",
    go: async (app, page) => {
      await app.put(connected({ mode: "system", machine: guarded({ blocking: "all", lockdown: true }) }));
      await app.lock(locked());
      await page.getByText("For the whole computer").waitFor();
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
      await page.getByRole("button", { name: "Network: Contoso" }).click();
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
