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
  /** Additional values of its process.argv. */
  argv: readonly string[];
  /** Handles every request of the page; undefined = refused. */
  fetch: (url: string, resourceType: string, method: string) => Promise<globalThis.Response | undefined>;
  mayNavigate: (url: string) => boolean;
  mayOpen: (url: string) => boolean;
  grants: (permission: string) => boolean;
  invoke: (frameUrl: string, isMain: boolean, channel: string, args: unknown[]) => Promise<unknown>;
  closed: () => void;
  crashed: () => void;
}

export interface ChromiumPage {
  /** The address for a second DevTools client. */
  readonly endpoint: string;
  readonly pid: number;
  deliver(message: object): void;
  goto(url: string): Promise<void>;
  reload(): Promise<void>;
  close(): Promise<void>;
}

/** Shown on a display only if requested. */
const headless = process.env.SAG_STANDIN_SHOW !== "1";

/**
 * The window's content before the app's page. Chromium refuses about:blank in app mode and opens a tab with an
 * address bar instead.
 */
const empty = "data:text/html,";
/** Without --test-type Chromium shows a bar about its missing sandbox when run as root. */
const isRoot = process.getuid?.() === 0;
const shownAsApp = [`--app=${empty}`, ...(isRoot ? ["--test-type"] : [])];

/** Opens Chromium in app mode with an empty profile, and applies the app's restrictions. */
export const openChromium = async (options: ChromiumOptions): Promise<ChromiumPage> => {
  const profile = mkdtempSync(join(tmpdir(), "sag-standin-"));
  const forget = (): void => {
    try {
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    } catch {
      // Chromium still writes to it while exiting.
    }
  };
  // When the app exits, the window is not closed in order.
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
      // Without a GPU a separate process would only delay the start.
      "--in-process-gpu",
      "--no-default-browser-check",
      // Avoids drawing animations that are not visible, which takes CPU time without a GPU.
      ...(headless ? ["--force-prefers-reduced-motion"] : shownAsApp),
    ],
  });
  const page = context.pages()[0] ?? (await context.newPage());
  const cdp = await context.newCDPSession(page);
  let closing = false;

  await context.route("**/*", async (route) => {
    const request = route.request();
    const main = request.isNavigationRequest() && frameOf(request) === page.mainFrame();
    // The first navigation is the app's own, and reloading is no navigation.
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
      // Messages to a page that is being closed are lost.
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

/** Runs the preload in an isolated world at every load; the returned function gives that world's id. */
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

/** Chromium's names of permissions, each checked with Electron's handler. */
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
