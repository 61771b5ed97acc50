import type { Page } from "playwright-core";
import type { CauseCode, IntranetState, LockdownView } from "../../electron/core/client/model.ts";
import { createWorkspace, type Workspace } from "../harness/workspace.ts";
import { electronBinary, launchElectron } from "../standin/electron-host.ts";
import { type Host, type LaunchOptions, launchStandin } from "../standin/host.ts";
import type { FakeCore } from "./fake/core.ts";
import type * as samples from "./fake/sample.ts";

/** What the second main (fake/main.ts) leaves for specifications. */
export interface FakeGlobals {
  sagFake: FakeCore;
  sagSample: typeof samples;
}

/** The app over a core that specifications drive. */
export class App {
  readonly host: Host;
  readonly workspace: Workspace;
  /** Warnings and errors on the page's console, and exceptions: none is expected. */
  readonly complaints: string[] = [];
  #page: Page | undefined;

  constructor(host: Host, workspace: Workspace) {
    this.host = host;
    this.workspace = workspace;
  }

  /** The window's page as it is now. */
  async page(): Promise<Page> {
    const page = await this.host.page();
    if (page !== this.#page) {
      this.#page = page;
      page.on("console", (message) => {
        if (message.type() === "error" || message.type() === "warning") this.complaints.push(message.text());
      });
      page.on("pageerror", (error) => this.complaints.push(error.message));
      // A step that takes longer than this will not come.
      page.setDefaultTimeout(10_000);
      await page.waitForSelector("h1");
    }
    return page;
  }

  /** Core tells a state. */
  put(state: IntranetState): Promise<void> {
    return this.host.evaluate((_electron, given) => {
      (globalThis as unknown as FakeGlobals).sagFake.put(given);
    }, state);
  }

  /** As after the first start: nothing is known, asked or set, and the page was just loaded. */
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

  /** The machine's lockdown is like this from now on. */
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

  /** Calls of the fake core that never answer. */
  silence(calls: string[]): Promise<void> {
    return this.host.evaluate((_electron, given) => {
      const { silent } = (globalThis as unknown as FakeGlobals).sagFake;
      silent.clear();
      for (const call of given) silent.add(call);
    }, calls);
  }

  /** What was asked of core so far, by the name of the call. */
  asked(call: string): Promise<unknown[]> {
    return this.host.evaluate(
      (_electron, given) =>
        (globalThis as unknown as FakeGlobals).sagFake.asked
          .filter((entry) => entry.call === given)
          .map((entry) => entry.argument),
      call,
    );
  }

  /** SIGKILL for the sag-tunnel of the one intranet there is. */
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

/** In a person's home of its own, with GNOME's settings in a file there instead of on a bus. */
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
