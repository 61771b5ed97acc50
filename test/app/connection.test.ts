import { beforeEach, describe, expect } from "vitest";
import { warningView } from "../../electron/core/causes/warnings.ts";
import type { FailureView } from "../../electron/core/client/model.ts";
import { noneAnswers } from "../../electron/core/state/tunnel-view.ts";
import { brokenChain, connected, disconnected, failed, guarded, session, wholeChain } from "./fake/sample.ts";
import { app, button, heading, onMainPage, page } from "./main-page.ts";
import { test } from "./shared.ts";

onMainPage();

describe("the main button", () => {
  test("connects with Enter and disconnects with Space", async () => {
    await page.keyboard.press("Enter");
    await heading("Connected").waitFor();
    await page.getByText("for less than a minute").waitFor();
    await page.keyboard.press(" ");
    await heading("Disconnected").waitFor();
  });

  test("the expected phase is shown at once and withdrawn after 3 s without confirmation", async () => {
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

  test("a confirmed wait stays and can be cancelled", async () => {
    await app.set({ connectTakes: 60_000 });
    await button("Connect").click();
    await button("Cancel").waitFor();
    await page.getByText("Waiting for your company's server…").waitFor();
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

  test("the client IP can be copied", async () => {
    await button("Copy Client IP").click();
    await expect.poll(() => app.host.evaluate(({ clipboard }) => clipboard.readText())).toBe("10.77.0.12");
    await page.getByText("Copied").waitFor({ state: "attached" });
  });

  test("the access point's dialog shows address, latency and bandwidth limit", async () => {
    await button("Access point: Frankfurt").click();
    await page.getByRole("dialog").getByText("198.51.100.7:51820").waitFor();
    await page.getByRole("dialog").getByText("2 Mbit/s each way").waitFor();
    await app.put(connected({ session: session({ bandwidthKbps: 512 }) }));
    await page.getByRole("dialog").getByText("512 kbit/s each way").waitFor();
    await app.put(connected({ session: session({ bandwidthKbps: null }) }));
    await page.getByText("Speed limit").waitFor({ state: "detached" });
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
  });

  test("the hops are named, and a broken one says who can fix it", async () => {
    const names = await page.getByLabel("Path into the intranet").getByRole("listitem").allTextContents();
    expect(names).toHaveLength(6);
    await app.put(connected({ hops: brokenChain() }));
    await page.getByText("Part of your company's network can't be reached.").waitFor();
    await page.getByText("Your administrator can fix this").waitFor();
  });

  test("the arrow keys read the traffic graph", async () => {
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

  test("reconnecting keeps the connection's details and shows what is being waited for", async () => {
    await app.put(connected({ phase: "reconnecting" }));
    await heading("Reconnecting").waitFor();
    const waits = page.getByText("The access point does not answer. Trying again.");
    await waits.waitFor();
    await page.getByText("10.77.0.12").waitFor();
    // Hops behind the access point are not shown as whole.
    const states = page.getByLabel("Path into the intranet").getByRole("listitem");
    await expect
      .poll(() => states.evaluateAll((all) => all.map((one) => one.getAttribute("data-state"))))
      .toEqual(["whole", "broken", "unknown", "unknown", "unknown", "unknown"]);
    // Access points that are only being tried are not named, because the name would change every second.
    const place = async () => (await button("Cancel").boundingBox())?.y;
    const before = await place();
    const tried = (name: string, cause: FailureView | null = null) =>
      app.put(
        connected({
          phase: "reconnecting",
          accessPoint: { id: `ap-${name}`, name, endpoint: "198.51.100.8:51820", latencyMs: null },
          cause,
        }),
      );
    await tried("Paris");
    await waits.waitFor();
    expect(await page.getByText("Paris").count()).toBe(0);
    // After all were tried: the fixer, the code, and the note that it reconnects automatically, in the same place.
    await tried("Frankfurt", noneAnswers(false));
    const wait = page.locator(".waits");
    await wait.getByText("None of your company's access points answers. Trying to reconnect automatically.").waitFor();
    await wait.getByText("Your administrator can fix this").waitFor();
    await wait.getByText("access_point_unreachable").waitFor();
    expect(await wait.getByText("You can cancel").count()).toBe(0);
    await tried("Paris", noneAnswers(true));
    await wait.getByText("Neither your company's server nor any of its access points answers.").waitFor();
    expect(await place()).toBe(before);
    expect(await page.getByText("Paris").count()).toBe(0);
  });

  test("a cloud instance that does not answer is marked at its hop, with one warning", async () => {
    await app.put(connected({ warnings: [warningView("instance_unreachable")] }));
    const hop = page.getByLabel("Path into the intranet").locator("li.instance");
    await expect.poll(() => hop.getAttribute("data-state")).toBe("broken");
    expect(await page.getByText("Your company's server does not answer.").count()).toBe(1);
  });

  test("what is blocked is stated, connected and disconnected", async () => {
    await app.put(connected({ mode: "system", blocking: "intranet" }));
    await page.getByText("Protected: traffic to the intranet leaves only through the tunnel.").waitFor();
    await app.put(disconnected({ blocking: "all" }));
    await page.getByText("Blocked: nothing leaves this computer until you connect.").waitFor();
  });

  test("disconnecting ends the blocking while the tunnel is down", async () => {
    await app.put(failed("no_network", { mode: "system", blocking: "intranet", machine: guarded() }));
    await page.getByText("Blocked: the intranet cannot be reached until you connect.").waitFor();
    await page.getByText("Blocked addresses: 10.0.0.0/24, 10.1.0.0/16 and 1 more").waitFor();
    await button("Unblock").click();
    const question = page.getByRole("alertdialog", { name: "Unblock the network?" });
    await question.getByRole("button", { name: "Unblock" }).click();
    await heading("Disconnected").waitFor();
    await page.getByText("No traffic is blocked.").waitFor();
  });

  test("the administrator's message can be dismissed", async () => {
    await app.put(connected({ notice: "Maintenance at ten" }));
    await page.getByText("Maintenance at ten").waitFor();
    await button("Dismiss").click();
    await page.getByText("Maintenance at ten").waitFor({ state: "detached" });
  });

  test("a new session starts a new graph", async () => {
    await app.put(connected({ rxBytes: 5_000_000 }));
    await app.put(connected({ session: session({ id: "ses-other", sinceMs: 0 }), rxBytes: 10 }));
    await page.getByText("for less than a minute").waitFor();
  });
});

test("an intranet without routes says so at the top and offers nothing unreachable", async () => {
  const resources = [
    { name: "portal", kind: "web" as const, address: "https://portal.contoso.example/" },
    { name: "shell", kind: "ssh" as const, address: "build.contoso.example" },
  ];
  await app.put(connected({ session: session({ resources, routes: [] }), warnings: [warningView("no_routes")] }));
  const state = page.getByRole("region", { name: "Contoso" });
  await state.getByText("Your administrator has not set up any routes yet.").waitFor();
  await heading("Nothing can be reached").waitFor();
  expect(await heading("Connected").count()).toBe(0);
  await page.getByText("Not reachable now.").waitFor();
  expect(await button("Open portal").isDisabled()).toBe(true);
  expect(await button("Copy shell").isDisabled()).toBe(true);
});

test("an access list that denies everything is not called connected, and its resources are not offered", async () => {
  const resources = [{ name: "portal", kind: "web" as const, address: "https://portal.contoso.example/" }];
  const hops = wholeChain().map((hop) =>
    hop.kind === "cloud_network" ? { ...hop, whole: false, missing: warningView("acl_denies") } : hop,
  );
  await app.put(connected({ hops, session: session({ resources, routes: [] }) }));
  await heading("Nothing can be reached").waitFor();
  await page.getByText("An access rule denies all of your traffic.").first().waitFor();
  await page.getByText("Not reachable now.").waitFor();
  await page.getByText("No app can reach the intranet now.").waitFor();
  expect(await button("Open portal").isDisabled()).toBe(true);
});

test("a refused disconnect says why, next to the button, until the phase changes", async () => {
  await app.put(connected());
  await app.failNext("disconnect", "not_permitted");
  await button("Disconnect").click();
  await page.getByRole("alert").getByText("You don't have permission to do this.").waitFor();
  await heading("Connected").waitFor();
  await button("Disconnect").click();
  await heading("Disconnected").waitFor();
  expect(await page.getByRole("alert").count()).toBe(0);
});

test("hops are not shown as working before anything has answered through them", async () => {
  const states = page.getByLabel("Path into the intranet").getByRole("listitem");
  const seen = () => states.evaluateAll((all) => all.map((one) => one.getAttribute("data-state")));
  await app.put(connected({}, false));
  await expect.poll(seen).toEqual(["whole", "whole", "whole", "unknown", "unknown", "unknown"]);
  const one = wholeChain().slice(0, 6);
  await app.put(connected({ hops: one }));
  await expect.poll(seen).toEqual(["whole", "whole", "whole", "whole", "whole", "whole"]);
});

test("no hop is cut off in the smallest window", async () => {
  const size = page.viewportSize();
  await page.setViewportSize({ width: 360, height: 560 });
  await app.put(connected());
  await heading("Connected").waitFor();
  const cut = await page
    .locator(".chain-label")
    .evaluateAll((labels) =>
      labels
        .filter((one) => one.scrollWidth > one.clientWidth || one.scrollHeight > one.clientHeight)
        .map((one) => one.textContent),
    );
  if (size) await page.setViewportSize(size);
  expect(cut).toEqual([]);
});

test("ending one of the sessions in use connects; a failure is shown", async () => {
  const id = "1f".repeat(16);
  const state = failed("session_limit");
  const sessions = [{ id, deviceName: "build-server", ageMs: 7_200_000, clientIp: "10.77.0.10" }];
  await app.put({ ...state, cause: state.cause && { ...state.cause, sessions } });
  await page.getByText("10.77.0.10 · for 2 h 0 min").waitFor();
  const question = page.getByRole("alertdialog", { name: "End the session of build-server?" });
  const end = button("End the session of build-server and connect");
  // Asks first, and does nothing if cancelled.
  await end.click();
  await question.getByText("It has been connected for 2 h 0 min.").waitFor();
  await question.getByRole("button", { name: "Cancel" }).click();
  expect(await app.asked("endSession")).toEqual([]);
  await app.failNext("endSession", "instance_unreachable");
  await end.click();
  // A second click on the same button sends nothing.
  await question.getByRole("button", { name: "End and connect" }).dblclick();
  await page.getByText("Your company's server does not answer.").waitFor();
  expect(await app.asked("endSession")).toEqual([id]);
  await end.click();
  await question.getByRole("button", { name: "End and connect" }).click();
  await heading("Connected").waitFor();
  expect(await app.asked("endSession")).toEqual([id, id]);
});

test("a refused copy is not shown as copied", async () => {
  await app.put(connected());
  await app.host.evaluate(({ clipboard }) => {
    const { writeText } = clipboard;
    clipboard.writeText = (() => {
      clipboard.writeText = writeText;
      return Promise.reject(new Error("the clipboard is not to be had"));
    }) as typeof writeText;
  });
  await button("Copy Client IP").click();
  await page.getByText("Could not copy.").waitFor({ state: "attached" });
  expect(await page.getByText("Copied").count()).toBe(0);
});

test("a sign-in that ends soon can be renewed from the warning", async () => {
  await app.put(connected({ warnings: [warningView("expires_soon")] }));
  await page.getByText("Your sign-in ends soon.").waitFor();
  await button("Sign in again").click();
  await heading("Sign in to Contoso").waitFor();
  await page.keyboard.press("Escape");
  await heading("Connected").waitFor();
});
