import type { Page } from "playwright-core";
import { beforeEach, describe, expect } from "vitest";
import { brokenChain, connected, contosoId, disconnected, failed, guarded, session } from "./fake/sample.ts";
import type { App } from "./launch.ts";
import { test } from "./shared.ts";

const fabrikam = { intranet: "fabrikam", intranetId: "fabrikam1", displayName: "Fabrikam" };

let app: App;
let page: Page;

test.beforeAll(async ({ shared }) => {
  app = shared;
  await app.asNew();
  await app.put(disconnected());
  page = await app.page();
});
beforeEach(async () => {
  await app.silence([]);
  await app.put(disconnected());
  await page.reload();
  await heading("Disconnected").waitFor();
});

const heading = (name: string) => page.getByRole("heading", { name, exact: true });
const button = (name: string | RegExp) => page.getByRole("button", { name, exact: typeof name === "string" });

describe("the one button", () => {
  test("Enter connects, Space disconnects", async () => {
    await page.keyboard.press("Enter");
    await heading("Connected").waitFor();
    await page.getByText("for less than a minute").waitFor();
    await page.keyboard.press(" ");
    await heading("Disconnected").waitFor();
  });

  test("what is expected shows at once, and is taken back after 3 s when nobody confirms it", async () => {
    await app.silence(["connect"]);
    const start = Date.now();
    await button("Connect").click();
    await heading("Connecting").waitFor();
    expect(Date.now() - start).toBeLessThan(1000);
    await heading("Disconnected").waitFor();
    const took = Date.now() - start;
    expect(took).toBeGreaterThan(2900);
    expect(took).toBeLessThan(4500);
  });

  test("a wait that is confirmed stays and can be cancelled", async () => {
    await app.set({ connectTakes: 60_000 });
    await button("Connect").click();
    await button("Cancel").waitFor();
    await page.getByText("waiting for an access point").waitFor();
    await button("Cancel").click();
    await heading("Disconnected").waitFor();
    await app.set({ connectTakes: 30 });
  });
});

describe("connected", () => {
  beforeEach(async () => {
    await app.put(connected());
    await heading("Connected").waitFor();
  });

  test("client IP is copied", async () => {
    await button("Copy Client IP").click();
    await expect.poll(() => app.host.evaluate(({ clipboard }) => clipboard.readText())).toBe("10.77.0.12");
    await page.getByText("Copied").waitFor({ state: "attached" });
  });

  test("the access point tells its address and latency", async () => {
    await button("Access point: Frankfurt").click();
    await page.getByRole("dialog").getByText("198.51.100.7:51820").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
  });

  test("the chain names every hop, and a missing one says who can mend it", async () => {
    const names = await page.getByLabel("The way into the intranet").getByRole("listitem").allTextContents();
    expect(names).toHaveLength(6);
    await app.put(connected({ hops: brokenChain() }));
    await page.getByText("no bandwidth package joins them").waitFor();
    await page.getByText("Your administrator can mend this").waitFor();
  });

  test("the traffic is read with the arrow keys", async () => {
    await app.put(connected({ rxBytes: 9_000_000, txBytes: 900_000 }));
    const graph = page.getByRole("slider", { name: "Traffic of the last five minutes" });
    await graph.focus();
    await page.keyboard.press("Home");
    expect(await graph.getAttribute("aria-valuetext")).toMatch(/^4 min 59 s ago: Down 0 bit\/s/);
    await page.keyboard.press("ArrowRight");
    expect(await graph.getAttribute("aria-valuetext")).toMatch(/^4 min 58 s ago/);
    await page.keyboard.press("End");
    expect(await graph.getAttribute("aria-valuetext")).toMatch(/^now: Down /);
  });

  test("reconnecting keeps what is known and says what it waits for", async () => {
    await app.put(connected({ phase: "reconnecting" }));
    await heading("Reconnecting").waitFor();
    await page.getByText("Frankfurt does not answer. Trying again.").waitFor();
    await page.getByText("10.77.0.12").waitFor();
  });

  test("what is blocked is its own sentence, up and down", async () => {
    await app.put(connected({ mode: "system", blocking: "intranet" }));
    await page.getByText("Protected: the intranet is reached only through the tunnel.").waitFor();
    await app.put(disconnected({ blocking: "all" }));
    await page.getByText("Blocked: nothing leaves this computer until you connect.").waitFor();
  });

  test("what is held back while nothing is up is lifted by disconnecting", async () => {
    await app.put(failed("no_network", { mode: "system", blocking: "intranet", machine: guarded() }));
    await page.getByText("Blocked: nothing leaves for the intranet until you connect.").waitFor();
    await page.getByText("Held back: 10.0.0.0/24, 10.1.0.0/16 and 1 more").waitFor();
    await button("Disconnect and lift this").click();
    await heading("Disconnected").waitFor();
    await page.getByText("Nothing is held back on this computer.").waitFor();
  });

  test("a message of the administrator can be dismissed", async () => {
    await app.put(connected({ notice: "Maintenance at ten" }));
    await page.getByText("Maintenance at ten").waitFor();
    await button("Dismiss").click();
    await page.getByText("Maintenance at ten").waitFor({ state: "detached" });
  });

  test("a new session begins a new graph", async () => {
    await app.put(connected({ rxBytes: 5_000_000 }));
    await app.put(connected({ session: session({ id: "ses-other", sinceMs: 0 }), rxBytes: 10 }));
    await page.getByText("for less than a minute").waitFor();
  });
});

test("one of the sessions in use can be ended, which connects; a refusal is said", async () => {
  const id = "1f".repeat(16);
  const state = failed("session_limit");
  const sessions = [{ id, deviceName: "build-server", ageMs: 1000, clientIp: "10.77.0.10" }];
  await app.put({ ...state, cause: state.cause && { ...state.cause, sessions } });
  await app.failNext("endSession", "instance_unreachable");
  await button("End the session of build-server and connect").click();
  await page.getByText("The cloud instance does not answer.").waitFor();
  await button("End the session of build-server and connect").click();
  await heading("Connected").waitFor();
  expect(await app.asked("endSession")).toEqual([id, id]);
});

test("what is published is opened when it is a web page, and copied otherwise", async () => {
  const resources = [
    { name: "portal", kind: "web" as const, address: "https://portal.contoso.example/" },
    { name: "build", kind: "ssh" as const, address: "build.contoso.example" },
    { name: "trap", kind: "web" as const, address: "file:///etc/passwd" },
  ];
  await app.put(connected({ session: session({ resources }) }));
  await button("Open portal").click();
  await expect.poll(() => app.host.evaluate(({ shell }) => shell.opened)).toEqual(["https://portal.contoso.example/"]);
  await button("Copy build").click();
  await expect.poll(() => app.host.evaluate(({ clipboard }) => clipboard.readText())).toBe("build.contoso.example");
  expect(await button("Open trap").count()).toBe(0);
});

describe("several intranets", () => {
  test("each has its state; the window shows the chosen one, also after a new window", async () => {
    await app.put(connected(fabrikam));
    await button("Network: Contoso").click();
    await page.getByRole("menuitem", { name: /Fabrikam/ }).click();
    await heading("Connected").waitFor();
    await page.reload();
    await button("Network: Fabrikam").waitFor();
    await button("Network: Fabrikam").click();
    await page.getByRole("menuitem", { name: /Contoso/ }).click();
    await heading("Disconnected").waitFor();
    await app.remove(fabrikam.intranetId);
  });

  test("one more can be added, and the way back is there", async () => {
    await button("Network: Contoso").click();
    await page.getByRole("menuitem", { name: "Add a network" }).click();
    await heading("Connect to your company").waitFor();
    await button("Back").click();
    await heading("Disconnected").waitFor();
  });
});

describe("settings", () => {
  test("are kept", async () => {
    await button("Settings").click();
    await heading("Settings").waitFor();
    expect(await heading("Settings").evaluate((element) => element === document.activeElement)).toBe(true);
    await page.getByText("Connect when the app starts").click();
    await page.getByText("Dark", { exact: true }).click();
    await expect.poll(() => page.evaluate(() => document.documentElement.dataset.theme)).toBe("dark");
    await page.reload();
    await button("Settings").click();
    expect(await page.getByRole("switch", { name: "Connect when the app starts" }).isChecked()).toBe(true);
    await page.getByText("Connect when the app starts").click();
    await page.getByText("As the system").click();
    await button("Back").click();
  });

  test("sign out asks first, and says what it means", async () => {
    await button("Settings").click();
    await button("Sign out").click();
    const question = page.getByRole("alertdialog");
    await question.getByText("The connection ends.").waitFor();
    await question.getByRole("button", { name: "Cancel" }).click();
    await question.waitFor({ state: "detached" });
    expect(await button("Sign out").evaluate((element) => element === document.activeElement)).toBe(true);
    await button("Sign out").click();
    await question.getByRole("button", { name: "Sign out" }).click();
    await heading("Signed out").waitFor();
    expect((await app.asked("signOut")).at(-1)).toEqual({ intranet: contosoId, forget: false });
  });
});

describe("without a pointer", () => {
  /** Presses Tab until the focus is where it was; gives what it met, as a screen reader would say it. */
  const met = async (): Promise<Set<string>> => {
    const names = new Set<string>();
    for (;;) {
      await page.keyboard.press("Tab");
      const name = await page.evaluate(() => nameOf(document.activeElement));
      if (names.has(name)) return names;
      names.add(name);
    }
  };
  /** Everything on the page that a pointer could press; of a group of choices the arrow keys reach the others. */
  const pressable = (): Promise<string[]> =>
    page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>("button, input:not([type=radio]:not(:checked)), [role=slider]")].map(
        (element) => nameOf(element),
      ),
    );
  beforeEach(async () => {
    await page.evaluate(() => {
      const nameOf = (element: Element | null): string =>
        element?.getAttribute("aria-label") || element?.closest("label")?.textContent || element?.textContent || "";
      Object.assign(globalThis, { nameOf });
    });
  });

  test("everything on the main screen is reached by Tab", async () => {
    const resources = [
      { name: "portal", kind: "web" as const, address: "https://portal.contoso.example/" },
      { name: "build", kind: "ssh" as const, address: "build.contoso.example" },
    ];
    await app.put(connected({ session: session({ resources }), notice: "Maintenance at ten" }));
    await button("Open portal").waitFor();
    const all = await pressable();
    expect(all).toEqual(expect.arrayContaining(["Disconnect", "Open portal", "Copy build", "Dismiss", "Settings"]));
    expect([...(await met())]).toEqual(expect.arrayContaining(all));
  });

  test("and on a cause's screen, and in the settings", async () => {
    const state = failed("session_limit");
    const sessions = [{ id: "1f".repeat(16), deviceName: "build-server", ageMs: 1000, clientIp: "10.77.0.10" }];
    await app.put({ ...state, cause: state.cause && { ...state.cause, sessions } });
    await button("End the session of build-server and connect").waitFor();
    expect([...(await met())]).toEqual(expect.arrayContaining(await pressable()));
    await button("Settings").focus();
    await page.keyboard.press("Enter");
    await heading("Settings").waitFor();
    const all = await pressable();
    expect(all).toEqual(expect.arrayContaining(["Sign out", "Remove from this computer"]));
    expect([...(await met())]).toEqual(expect.arrayContaining(all));
  });
});

test("deltas that do not fit together lead to a new snapshot", async () => {
  await app.host.evaluate(({ BrowserWindow }) => {
    const [window] = BrowserWindow.getAllWindows();
    window.webContents.send("sag:delta", {
      epoch: "of another run",
      revision: 1,
      change: { kind: "removed", intranetId: "contoso01" },
    });
  });
  await app.put(connected());
  await heading("Connected").waitFor();
});

test("the page has had nothing to complain about", () => expect(app.complaints).toEqual([]));
