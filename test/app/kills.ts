import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import type { PhaseWord } from "../../electron/core/client/model.ts";
import type { Company } from "../e2e/fixture.ts";
import { must } from "../harness/command.ts";
import type { Person } from "../harness/person.ts";
import { waitFor } from "../standin/host.ts";
import type { App } from "./launch.ts";
import { launchReal } from "./real.ts";

/** Helpers for the tests with kill -9. */

/** The desktop's proxy mode. */
export const proxyMode = async (person: Person): Promise<string> => {
  const env = { ...person.env, GSETTINGS_BACKEND: "keyfile" };
  return (await must(["gsettings", "get", "org.gnome.system.proxy", "mode"], { env })).trim();
};

/** Starts the app. */
export const start = async (company: Company, person: Person): Promise<{ app: App; page: Page }> => {
  const app = await launchReal(company, person);
  return { app, page: await app.page() };
};

/** Stops a process while `body` runs. */
const deaf = async (pid: number, body: () => Promise<void>): Promise<void> => {
  process.kill(pid, "SIGSTOP");
  try {
    await body();
  } finally {
    process.kill(pid, "SIGCONT");
  }
};

/** Stops the access point: connecting does not finish, and connected clients lose it. */
export const unheard = (company: Company, body: () => Promise<void>): Promise<void> =>
  deaf(company.site.accessPoints[0]?.ready.pid ?? 0, body);

/** Stops the cloud instance: signing in and hanging up wait for it. */
export const unanswered = (company: Company, body: () => Promise<void>): Promise<void> =>
  deaf(company.site.cloud.ready.pid, body);

export const press = (page: Page, name: string | RegExp): Promise<void> =>
  page.getByRole("button", { name, exact: typeof name === "string" }).click();

/** The phase of the only intranet in main, if it comes from a sag-tunnel with a session. */
const phaseOfTunnel = (page: Page): Promise<PhaseWord | null> =>
  page.evaluate(async () => {
    const answer = await window.sag.call("snapshot");
    const state = answer.ok ? answer.value.intranets[0]?.state : undefined;
    return state?.session ? state.phase : null;
  });

/** Starts to connect while nothing answers, and waits until the tunnel is connecting. */
export const connecting = async (page: Page): Promise<void> => {
  await press(page, /^(Connect|Connect again|Try again)$/);
  await waitFor("connecting", async () => (await phaseOfTunnel(page)) === "connecting");
};

/** Starts to disconnect while nothing answers, and waits until the tunnel is disconnecting, which takes 2 s. */
export const disconnecting = async (page: Page): Promise<void> => {
  await press(page, "Disconnect");
  await waitFor("disconnecting", async () => (await phaseOfTunnel(page)) === "disconnecting");
};

export const useForBrowsers = async (page: Page, person: Person): Promise<void> => {
  await page.getByText("Open intranet pages in my browser").click();
  await expect.poll(() => proxyMode(person)).toBe("'auto'");
};

/** The browser processes started by a main process, without sag-tunnel. */
export const browsersOf = (pid: number): number[] =>
  readFileSync(join("/proc", `${pid}`, "task", `${pid}`, "children"), "utf8")
    .trim()
    .split(" ")
    .map(Number)
    .filter((child) => {
      try {
        return /chrom|electron/.test(readFileSync(join("/proc", `${child}`, "cmdline"), "utf8"));
      } catch {
        // It has ended in the meantime.
        return false;
      }
    });
