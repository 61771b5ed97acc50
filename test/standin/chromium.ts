import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CDPSession, chromium, type Frame, type Page, type Request } from "playwright-core";
import { chromiumPath, unseenChromiumPath } from "./chromium-path.ts";
import { binding, preloadScripts, world } from "./preload-world.ts";

export interface ChromiumOptions {
  width: number;
  height: number;
  /** Source of the preload script. */
  preload: string;
  /** What it finds in process.argv besides. */
  argv: readonly string[];
  /** Every request of the page; undefined = refused. */
  fetch: (url: string, resourceType: string, method: string) => Promise<globalThis.Response | undefined>;
  mayNavigate: (url: string) => boolean;
  mayOpen: (url: string) => boolean;
  grants: (permission: string) => boolean;
  invoke: (frameUrl: string, isMain: boolean, channel: string, args: unknown[]) => Promise<unknown>;
  closed: () => void;
  crashed: () => void;
}

export interface ChromiumPage {
  /** Where a second DevTools client finds this browser. */
  readonly endpoint: string;
  readonly pid: number;
  deliver(message: object): void;
  goto(url: string): Promise<void>;
  reload(): Promise<void>;
  close(): Promise<void>;
}

/** Shown on a display only on request. */
const headless = process.env.SAG_STANDIN_SHOW !== "1";

/** What is in the window before the app's page is. about:blank would be refused as an app: a tab with an address line opened. */
const empty = "data:text/html,";
/** Chromium says in a bar of its own that it has no sandbox as root. */
const isRoot = process.getuid?.() === 0;
const shownAsApp = [`--app=${empty}`, ...(isRoot ? ["--test-type"] : [])];

/** Opens an installed Chromium in app mode with nothing of the user's own in it, and the app's rules around it. */
export const openChromium = async (options: ChromiumOptions): Promise<ChromiumPage> => {
  const profile = mkdtempSync(join(tmpdir(), "sag-standin-"));
  const forget = (): void => {
    try {
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    } catch {
      // Chromium is still writing into it while it ends.
    }
  };
  // An app that ends does not wait for its window to be closed in order.
  process.once("exit", forget);
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: headless ? unseenChromiumPath : chromiumPath,
    headless,
    chromiumSandbox: !isRoot,
    viewport: headless ? { width: options.width, height: options.height } : null,
    handleSIGINT: false,
    handleSIGTERM: false,
    args: [
      `--window-size=${options.width},${options.height}`,
      "--remote-debugging-port=0",
      "--disable-gpu",
      // There is none to be kept apart: one process less to wait for.
      "--in-process-gpu",
      "--no-default-browser-check",
      // Nobody sees it turn, and without a graphics card each frame of it is work.
      ...(headless ? ["--force-prefers-reduced-motion"] : shownAsApp),
    ],
  });
  const page = context.pages()[0] ?? (await context.newPage());
  const cdp = await context.newCDPSession(page);
  let closing = false;

  await context.route("**/*", async (route) => {
    const request = route.request();
    const main = request.isNavigationRequest() && frameOf(request) === page.mainFrame();
    // The first one is the app's own; loading the same page again is no navigation.
    const own = ["about:blank", empty].includes(page.url()) || page.url() === request.url();
    if (main && !own && !options.mayNavigate(request.url())) return route.abort("aborted");
    const response = await options.fetch(request.url(), request.resourceType(), request.method());
    if (!response) return route.abort("blockedbyclient");
    const body = Buffer.from(await response.arrayBuffer());
    return route.fulfill({ status: response.status, headers: Object.fromEntries(response.headers), body });
  });
  page.on("popup", (popup) => {
    if (!options.mayOpen(popup.url())) void popup.close();
  });
  page.on("crash", options.crashed);
  page.on("close", () => {
    void context.close().catch(() => {});
  });
  context.on("close", () => {
    process.off("exit", forget);
    forget();
    if (!closing) options.closed();
  });
  await denyPermissions(cdp, options.grants);
  const contextId = await installPreload(cdp, page, options);

  return {
    endpoint: await endpointOf(profile),
    pid: 0,
    deliver: (message) => {
      const id = contextId();
      if (id === undefined) return;
      const expression = `__sagStandinDeliver(${JSON.stringify(message)})`;
      // A page that is going away takes its messages with it.
      cdp.send("Runtime.evaluate", { expression, contextId: id }).catch(() => {});
    },
    goto: async (url) => {
      await page.goto(url, { waitUntil: "load" });
    },
    reload: async () => {
      await page.reload();
    },
    close: async () => {
      closing = true;
      await context.close().catch(() => {});
    },
  };
};

/** A window that was just opened has no frame yet. */
const frameOf = (request: Request): Frame | null => {
  try {
    return request.frame();
  } catch {
    return null;
  }
};

/** Runs the preload in its own world at every load; the function tells that world's id. */
const installPreload = async (cdp: CDPSession, page: Page, options: ChromiumOptions) => {
  const scripts = preloadScripts(options.preload, options.argv);
  const worlds = new Map<number, string>();
  let current: number | undefined;
  const { frameTree } = await cdp.send("Page.getFrameTree");
  const mainFrame = frameTree.frame.id;
  cdp.on("Runtime.executionContextCreated", ({ context }) => {
    const frame = (context.auxData as { frameId?: string } | undefined)?.frameId ?? "";
    worlds.set(context.id, frame);
    if (context.name === world && frame === mainFrame) current = context.id;
  });
  cdp.on("Runtime.executionContextDestroyed", ({ executionContextId }) => {
    worlds.delete(executionContextId);
    if (executionContextId === current) current = undefined;
  });
  cdp.on("Runtime.bindingCalled", async ({ name, payload, executionContextId }) => {
    if (name !== binding) return;
    const { id, channel, args } = JSON.parse(payload) as { id: number; channel: string; args: { value?: unknown }[] };
    const isMain = worlds.get(executionContextId) === mainFrame;
    const answer = await options
      .invoke(
        page.url(),
        isMain,
        channel,
        args.map(({ value }) => value),
      )
      .then(
        (value) => ({ type: "result", id, value }),
        (error: Error) => ({
          type: "failure",
          id,
          text: `Error invoking remote method '${channel}': ${error.message}`,
        }),
      );
    const expression = `__sagStandinDeliver(${JSON.stringify(answer)})`;
    cdp.send("Runtime.evaluate", { expression, contextId: executionContextId }).catch(() => {});
  });
  await cdp.send("Runtime.enable");
  await cdp.send("Page.enable");
  await cdp.send("Runtime.addBinding", { name: binding, executionContextName: world });
  await cdp.send("Page.addScriptToEvaluateOnNewDocument", { source: scripts.page });
  if (options.preload) {
    await cdp.send("Page.addScriptToEvaluateOnNewDocument", { source: scripts.preload, worldName: world });
  }
  return () => current;
};

/** Chromium's names of what a page can ask for; Electron's handler is asked about each. */
const permissions = [
  ["geolocation", "geolocation"],
  ["notifications", "notifications"],
  ["videoCapture", "media"],
  ["audioCapture", "media"],
  ["midi", "midi"],
  ["clipboardReadWrite", "clipboard-read"],
  ["idleDetection", "idle-detection"],
] as const;

const denyPermissions = async (cdp: CDPSession, grants: (permission: string) => boolean): Promise<void> => {
  for (const [name, electron] of permissions) {
    const setting = grants(electron) ? "granted" : "denied";
    await cdp.send("Browser.setPermission", { permission: { name: permissionNames[name] }, setting }).catch(() => {});
  }
};

const permissionNames: Record<(typeof permissions)[number][0], string> = {
  geolocation: "geolocation",
  notifications: "notifications",
  videoCapture: "camera",
  audioCapture: "microphone",
  midi: "midi",
  clipboardReadWrite: "clipboard-read",
  idleDetection: "idle-detection",
};

const endpointOf = async (profile: string): Promise<string> => {
  const { readFile } = await import("node:fs/promises");
  const [port] = (await readFile(join(profile, "DevToolsActivePort"), "utf8")).split("\n");
  return `http://127.0.0.1:${port}`;
};
