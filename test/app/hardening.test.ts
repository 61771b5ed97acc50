import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { describe, expect } from "vitest";
import { at } from "../../build/lib/root.ts";
import { disconnected } from "./fake/sample.ts";
import type { App } from "./launch.ts";
import { test } from "./shared.ts";

let app: App;
let page: Page;

test.beforeAll(async ({ shared }) => {
  app = shared;
  await app.asNew();
  await app.put(disconnected());
  page = await app.page();
});

test("the window is sandboxed and isolated, without Node.js", async () => {
  const preferences = await app.host.evaluate(({ BrowserWindow }) => {
    const [window] = BrowserWindow.getAllWindows();
    return window.options?.webPreferences ?? window.webContents.getLastWebPreferences();
  });
  expect(preferences).toMatchObject({
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    nodeIntegrationInWorker: false,
    nodeIntegrationInSubFrames: false,
    webSecurity: true,
    allowRunningInsecureContent: false,
    webviewTag: false,
    navigateOnDragDrop: false,
  });
  expect(await page.evaluate(() => [typeof globalThis.process, typeof globalThis.require])).toEqual([
    "undefined",
    "undefined",
  ]);
});

test("the content security policy allows nothing unsafe except style attributes", async () => {
  const policy = await page.evaluate(async () => {
    const violation = new Promise<string>((resolve) =>
      addEventListener("securitypolicyviolation", (event) => resolve(event.originalPolicy), { once: true }),
    );
    const image = document.createElement("img");
    image.src = "https://example.com/x.png";
    document.body.append(image);
    image.remove();
    return violation;
  });
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self'");
  expect(policy).toContain("connect-src 'none'");
  expect(policy).toContain("require-trusted-types-for 'script'");
  expect(policy.match(/[\w-]+ [^;]*unsafe[^;]*/g)).toEqual(["style-src-attr 'unsafe-inline'"]);
});

test("the page uses React's production build, also when a test run has built it", () => {
  const folder = at("dist/app/renderer/assets");
  const scripts = readdirSync(folder).filter((name) => name.endsWith(".js"));
  const text = scripts.map((name) => readFileSync(join(folder, name), "utf8")).join();
  expect(text).toContain("Minified React error");
});

test("the preload exposes two functions and the language, and nothing else", async () => {
  const surface = await page.evaluate(() =>
    Object.entries(window.sag).map(([name, value]) => `${name}: ${typeof value}`),
  );
  expect(surface.sort()).toEqual(["call: function", "language: string", "onDelta: function"]);
});

describe("what a compromised page would try", () => {
  test("navigation is denied", async () => {
    await page.evaluate(() => {
      location.href = "https://example.com/";
    });
    await page.evaluate(() => {
      const link = document.createElement("a");
      link.href = "file:///etc/passwd";
      document.body.append(link);
      link.click();
      link.remove();
    });
    await page.getByRole("heading", { name: "Disconnected" }).waitFor();
    expect(page.url()).toMatch(/^(app:\/\/sag|https:\/\/sag\.app\.invalid)\/index\.html$/);
  });

  test("opening a window is denied", async () => {
    await page.evaluate(() => {
      window.open("https://example.com/");
      const link = document.createElement("a");
      link.href = "https://example.com/";
      link.target = "_blank";
      document.body.append(link);
      link.click();
      link.remove();
    });
    await expect.poll(() => page.context().pages().length).toBe(1);
    const windows = await app.host.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length);
    expect(windows).toBe(1);
  });

  test("fetching from elsewhere is denied", async () => {
    for (const url of ["https://example.com/", "http://127.0.0.1:80/", "file:///etc/passwd"]) {
      const outcome = await page.evaluate(
        (address) =>
          fetch(address).then(
            () => "fetched",
            () => "refused",
          ),
        url,
      );
      expect(outcome, url).toBe("refused");
    }
  });

  test("frames, inline scripts and eval are denied", async () => {
    const outcome = await page.evaluate(async () => {
      const tried: Record<string, string> = {};
      // In a timer, because code run by DevTools may use eval despite the policy.
      await new Promise<void>((resolve) =>
        setTimeout(() => {
          try {
            // biome-ignore lint/security/noGlobalEval: this is what has to fail
            tried.eval = String(globalThis.eval("1"));
          } catch {
            tried.eval = "refused";
          }
          resolve();
        }),
      );
      const script = document.createElement("script");
      try {
        script.text = "document.title = 'owned'";
        document.body.append(script);
        tried.script = document.title === "owned" ? "ran" : "refused";
      } catch {
        tried.script = "refused";
      }
      const frame = document.createElement("iframe");
      frame.src = "https://example.com/";
      document.body.append(frame);
      await new Promise((resolve) => setTimeout(resolve, 200));
      tried.frame =
        frame.contentDocument === null || frame.contentDocument.body.textContent === "" ? "refused" : "shown";
      frame.remove();
      return tried;
    });
    expect(outcome).toEqual({ eval: "refused", script: "refused", frame: "refused" });
  });

  test("permissions are denied", async () => {
    const states = await page.evaluate(async () => {
      const names = ["geolocation", "notifications", "camera", "microphone", "clipboard-read"] as PermissionName[];
      return Promise.all(names.map(async (name) => (await navigator.permissions.query({ name })).state));
    });
    expect(new Set(states)).toEqual(new Set(["denied"]));
    const granted = await app.host.evaluate(({ session }) =>
      session.defaultSession.grants
        ? ["media", "geolocation", "openExternal"].some((p) => session.defaultSession.grants(p))
        : false,
    );
    expect(granted).toBe(false);
  });
});

describe("calls over the bridge", () => {
  const call = (name: unknown, argument?: unknown): Promise<unknown> =>
    page.evaluate(
      ({ name, argument }) =>
        (window.sag.call as (name: unknown, argument: unknown) => Promise<unknown>)(name, argument).catch(
          (error: Error) => error.message,
        ),
      { name, argument },
    );

  test.each([
    ["connect", { intranetId: 7 }],
    ["connect", { intranetId: "../../etc" }],
    ["connect", { intranetId: "contoso01", extra: true }],
    ["connect", "contoso01"],
    ["connect", null],
    ["setPreferences", { theme: "pink" }],
    ["signIn", { invitation: "x", userName: "a", password: ["b"] }],
    ["copy", { text: "" }],
    ["copy", { text: "y".repeat(513) }],
  ])("%s with %j is refused", async (name, argument) => {
    expect(await call(name, argument)).toMatchObject({ ok: false, failure: { cause: "invalid_argument" } });
  });

  test.each(["nothing", "__proto__", "constructor", "toString", "", 7, null])(
    "the call %j is unknown",
    async (name) => {
      expect(await call(name)).toContain("an unknown call");
    },
  );

  test("1 MB is refused before it is parsed", async () => {
    expect(await call("copy", { text: "z".repeat(1_000_000) })).toContain("too large");
  });
});

test("a call from another page or frame is refused", async () => {
  const refused = await app.host.evaluate(async ({ BrowserWindow, ipcMain }) => {
    const [window] = BrowserWindow.getAllWindows();
    const handler = ipcMain.invoke
      ? (event: object) => ipcMain.invoke(event, "sag:call", ["snapshot"])
      : (event: object) => ipcMain._invokeHandlers.get("sag:call")(event, "snapshot");
    const frame = { url: "app://sag/index.html", parent: null };
    const events = {
      "another site": { sender: window.webContents, senderFrame: { ...frame, url: "https://example.com/" } },
      "a site with a similar name": {
        sender: window.webContents,
        senderFrame: { ...frame, url: "app://sag.example/" },
      },
      "a frame": { sender: window.webContents, senderFrame: { ...frame, parent: frame } },
      "another window": { sender: {}, senderFrame: frame },
      "a removed frame": { sender: window.webContents, senderFrame: null },
    };
    const answers: Record<string, string> = {};
    for (const [name, event] of Object.entries(events)) {
      answers[name] = await handler(event).then(
        () => "answered",
        (error: Error) => error.message,
      );
    }
    return answers;
  });
  for (const [who, answer] of Object.entries(refused)) expect(answer, who).toContain("somewhere else");
});
