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

/** What specifications of kill -9 have in common. */

/** The browsers' setting as the desktop has it. */
export const proxyMode = async (person: Person): Promise<string> => {
  const env = { ...person.env, GSETTINGS_BACKEND: "keyfile" };
  return (await must(["gsettings", "get", "org.gnome.system.proxy", "mode"], { env })).trim();
};

/** A window on what is there. */
export const start = async (company: Company, person: Person): Promise<{ app: App; page: Page }> => {
  const app = await launchReal(company, person);
  return { app, page: await app.page() };
};

/** A process hears nothing for as long as `body` takes. */
const deaf = async (pid: number, body: () => Promise<void>): Promise<void> => {
  process.kill(pid, "SIGSTOP");
  try {
    await body();
  } finally {
    process.kill(pid, "SIGCONT");
  }
};

/** The access point is: who is connecting goes on doing so, who is connected loses it. */
export const unheard = (company: Company, body: () => Promise<void>): Promise<void> =>
  deaf(company.site.accessPoints[0]?.ready.pid ?? 0, body);

/** The cloud instance is: who signs in or hangs up waits for it. */
export const unanswered = (company: Company, body: () => Promise<void>): Promise<void> =>
  deaf(company.site.cloud.ready.pid, body);

export const press = (page: Page, name: string | RegExp): Promise<void> =>
  page.getByRole("button", { name, exact: typeof name === "string" }).click();

/** What main knows of the one intranet, from a sag-tunnel that has its session. */
const phaseOfTunnel = (page: Page): Promise<PhaseWord | null> =>
  page.evaluate(async () => {
    const answer = await window.sag.call("snapshot");
    const state = answer.ok ? answer.value.intranets[0]?.state : undefined;
    return state?.session ? state.phase : null;
  });

/** Connects without an answer, until the tunnel itself says that it is at it. */
export const connecting = async (page: Page): Promise<void> => {
  await press(page, /^(Connect|Connect again|Try again)$/);
  await waitFor("connecting", async () => (await phaseOfTunnel(page)) === "connecting");
};

/** Disconnects without an answer, until the tunnel itself says that it is at it, which lasts 2 s. */
export const disconnecting = async (page: Page): Promise<void> => {
  await press(page, "Disconnect");
  await waitFor("disconnecting", async () => (await phaseOfTunnel(page)) === "disconnecting");
};

export const useForBrowsers = async (page: Page, person: Person): Promise<void> => {
  await page.getByText("Open intranet pages in my browser").click();
  await expect.poll(() => proxyMode(person)).toBe("'auto'");
};

/** The browser processes of a main process; sag-tunnel is another child of it, and not meant. */
export const browsersOf = (pid: number): number[] =>
  readFileSync(join("/proc", `${pid}`, "task", `${pid}`, "children"), "utf8")
    .trim()
    .split(" ")
    .map(Number)
    .filter((child) => {
      try {
        return /chrom|electron/.test(readFileSync(join("/proc", `${child}`, "cmdline"), "utf8"));
      } catch {
        // It has ended by itself meanwhile.
        return false;
      }
    });
