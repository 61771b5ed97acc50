import type { Page } from "playwright-core";
import type { CauseCode, IntranetState, LockdownView } from "../../electron/core/client/model.ts";
import { createWorkspace, type Workspace } from "../harness/workspace.ts";
import { electronBinary, launchElectron } from "../standin/electron-host.ts";
import { type Host, type LaunchOptions, launchStandin } from "../standin/host.ts";
import type { FakeCore } from "./fake/core.ts";
import type * as samples from "./fake/sample.ts";

/** The globals of the fake main (fake/main.ts). */
export interface FakeGlobals {
  sagFake: FakeCore;
  sagSample: typeof samples;
}

/** The app with a fake core. */
export class App {
  readonly host: Host;
  readonly workspace: Workspace;
  /** Warnings, errors and exceptions on the page's console; the tests expect none. */
  readonly complaints: string[] = [];
  #page: Page | undefined;

  constructor(host: Host, workspace: Workspace) {
    this.host = host;
    this.workspace = workspace;
  }

  /** The current page of the window. */
  async page(): Promise<Page> {
    const page = await this.host.page();
    if (page !== this.#page) {
      this.#page = page;
      page.on("console", (message) => {
        if (message.type() === "error" || message.type() === "warning") this.complaints.push(message.text());
      });
      page.on("pageerror", (error) => this.complaints.push(error.message));
      // Steps that take longer than this have failed.
      page.setDefaultTimeout(10_000);
      await page.waitForSelector("h1");
    }
    return page;
  }

  /** Sends a state from core. */
  put(state: IntranetState): Promise<void> {
    return this.host.evaluate((_electron, given) => {
      (globalThis as unknown as FakeGlobals).sagFake.put(given);
    }, state);
  }

  /** Resets to the state after the first start: no intranets, no calls, default settings, page reloaded. */
  async asNew(): Promise<void> {
    const page = await this.page();
    await this.host.evaluate(({ clipboard, shell }) => {
      (globalThis as unknown as FakeGlobals).sagFake.reset();
      clipboard.writeText("");
      if (shell.opened) shell.opened.length = 0;
    });
    await page.evaluate(() =>
      window.sag.call("setPreferences", {
        launchAtLogin: false,
        connectAtStart: false,
        startHidden: false,
        theme: "system",
      }),
    );
    await page.setViewportSize({ width: 420, height: 680 });
    await page.emulateMedia({ colorScheme: null, forcedColors: null, reducedMotion: null });
    await page.reload();
    await page.waitForSelector("h1");
    this.complaints.length = 0;
  }

  /** Sets the lockdown state. */
  lock(lockdown: LockdownView | null): Promise<void> {
    return this.host.evaluate((_electron, given) => {
      (globalThis as unknown as FakeGlobals).sagFake.lock(given);
    }, lockdown);
  }

  remove(intranetId: string): Promise<void> {
    return this.host.evaluate((_electron, given) => {
      (globalThis as unknown as FakeGlobals).sagFake.remove(given);
    }, intranetId);
  }

  failNext(call: string, code: CauseCode, details: object = {}): Promise<void> {
    return this.host.evaluate(
      (_electron, given) => {
        (globalThis as unknown as FakeGlobals).sagFake.failNext(given.call, given.code, given.details);
      },
      { call, code, details },
    );
  }

  /** Sets public fields of the fake core. */
  set(fields: Partial<Pick<FakeCore, "selfMade" | "connectTakes">>): Promise<void> {
    return this.host.evaluate((_electron, given) => {
      Object.assign((globalThis as unknown as FakeGlobals).sagFake, given);
    }, fields);
  }

  /** Calls of the fake core that never return. */
  silence(calls: string[]): Promise<void> {
    return this.host.evaluate((_electron, given) => {
      const { silent } = (globalThis as unknown as FakeGlobals).sagFake;
      silent.clear();
      for (const call of given) silent.add(call);
    }, calls);
  }

  /** The arguments of all calls of this name so far. */
  asked(call: string): Promise<unknown[]> {
    return this.host.evaluate(
      (_electron, given) =>
        (globalThis as unknown as FakeGlobals).sagFake.asked
          .filter((entry) => entry.call === given)
          .map((entry) => entry.argument),
      call,
    );
  }

  /** Kills the sag-tunnel of the only intranet with SIGKILL. */
  async killTunnel(): Promise<void> {
    const page = await this.page();
    const pid = await page.evaluate(async () => {
      const answer = await window.sag.call("snapshot");
      return answer.ok ? (answer.value.intranets[0]?.state.pid ?? null) : null;
    });
    if (pid === null) throw new Error("there is no sag-tunnel to kill");
    process.kill(pid, "SIGKILL");
  }

  async close(): Promise<void> {
    await this.host.close();
    this.workspace.remove();
  }
}

/** Starts the app with its own home directory, where GNOME's settings are in a file instead of on D-Bus. */
export const launch = async (options: Partial<LaunchOptions> & { workspace?: Workspace } = {}): Promise<App> => {
  const workspace = options.workspace ?? createWorkspace("app");
  const home = workspace.home("person") as Record<string, string>;
  const full: LaunchOptions = {
    main: "fake-main.mjs",
    ...options,
    env: { ...home, GSETTINGS_BACKEND: "keyfile", ...options.env },
  };
  const binary = process.env.SAG_TEST_HOST === "standin" ? null : electronBinary();
  const host = binary ? await launchElectron(binary, full) : await launchStandin(full);
  return new App(host, workspace);
};
