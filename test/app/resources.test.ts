import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { connected, session } from "./fake/sample.ts";
import { app, button, heading, onMainPage, page } from "./main-page.ts";
import { test } from "./shared.ts";

onMainPage();

describe("resources in proxy mode", () => {
  /** A fake browser that logs its arguments and exits with the code `ends`. */
  const givenBrowser = async (ends: number): Promise<string> => {
    const folder = join(app.workspace.dir, `browser-${ends}`);
    mkdirSync(folder, { recursive: true });
    const calls = join(folder, "calls");
    writeFileSync(calls, "");
    const script = `#!/bin/sh\nprintf '%s\\n' "$@" >> '${calls}'\nexit ${ends}\n`;
    writeFileSync(join(folder, "chromium"), script, { mode: 0o755 });
    await app.host.evaluate((_electron, path) => {
      process.env.PATH = path;
    }, `${folder}:/usr/bin:/bin`);
    return calls;
  };
  const resources = [{ name: "portal", kind: "web" as const, address: "https://portal.contoso.example/" }];

  test("open in a separate browser profile that uses the tunnel", async () => {
    const calls = await givenBrowser(0);
    await app.put(connected({ session: session({ resources }) }));
    await button("Open portal").click();
    await expect
      .poll(() => readFileSync(calls, "utf8"))
      .toMatch(
        /--user-data-dir=.*\/browser\/contoso01\n[\s\S]*--proxy-pac-url=http:\/\/127.0.0.1:41081\/proxy.pac\nhttps:\/\/portal/,
      );
    expect(await app.host.evaluate(({ shell }) => shell.opened)).toEqual([]);
    expect(await page.getByRole("alert").count()).toBe(0);
  });

  test("if the browser cannot start, the hint is shown below the unchanged list", async () => {
    await givenBrowser(1);
    await page.setViewportSize({ width: 360, height: 640 });
    await app.put(connected({ session: session({ resources }) }));
    const width = async () => (await button("Open portal").boundingBox())?.width ?? 0;
    await button("Open portal").waitFor();
    const before = await width();
    await button("Open portal").click();
    const box = page.getByRole("alert");
    await box.getByText("Your browser did not start. Copy the address and open it yourself.").waitFor();
    expect(await width()).toBe(before);
    const [list, alert] = await Promise.all([page.locator(".resource-row").boundingBox(), box.boundingBox()]);
    expect(alert?.width).toBe(list?.width);
    expect(alert?.y).toBeGreaterThan((list?.y ?? 0) + (list?.height ?? 0));
    // The program's output is shown on request.
    expect(await box.getByText("exited immediately").isVisible()).toBe(false);
    await box.getByText("Details").click();
    await box.getByText("exited immediately").waitFor();
    await box.getByRole("button", { name: "Copy address" }).click();
    await box.getByRole("button", { name: "Copied" }).waitFor();
    const copied = await app.host.evaluate(({ clipboard }) => clipboard.readText());
    expect(copied).toBe("https://portal.contoso.example/");
    await box.getByRole("button", { name: "Dismiss" }).click();
    await box.waitFor({ state: "detached" });
  });

  test("cannot be opened while the tunnel is down, which is stated", async () => {
    await app.put(connected({ phase: "reconnecting", session: session({ resources }) }));
    await heading("Reconnecting").waitFor();
    expect(await button("Open portal").isDisabled()).toBe(true);
    await page.getByText("Not reachable now.").waitFor();
    await app.put(connected({ session: session({ resources }) }));
    await page.getByText("Not reachable now.").waitFor({ state: "detached" });
    expect(await button("Open portal").isEnabled()).toBe(true);
  });

  test("if the desktop does not store its proxy setting, the switch stays off and says so, and Open still works", async () => {
    const calls = await givenBrowser(0);
    // As without a D-Bus session: the setting is writable, but writes are lost.
    const gsettings = join(calls, "..", "gsettings");
    writeFileSync(gsettings, "#!/bin/sh\ncase $1 in writable) echo true;; get) echo \"''\";; esac\n", { mode: 0o755 });
    await app.put(connected({ session: session({ resources }) }));
    await page.getByText("Open intranet pages in my browser").click();
    await page.getByText("The proxy setting of this desktop cannot be changed. Use the Open buttons here.").waitFor();
    expect(await page.getByRole("switch", { name: /Open intranet pages/ }).isChecked()).toBe(false);
    await page.getByText("Only apps set to use the proxy can reach the intranet.").waitFor();
    await button("Open portal").click();
    await expect.poll(() => readFileSync(calls, "utf8")).toContain("https://portal.contoso.example/");
  });
});

test("web pages are opened, other resources are copied", async () => {
  const resources = [
    { name: "portal", kind: "web" as const, address: "https://portal.contoso.example/" },
    { name: "build", kind: "ssh" as const, address: "build.contoso.example" },
    { name: "trap", kind: "web" as const, address: "file:///etc/passwd" },
  ];
  // In system mode the user's own browser is tunneled.
  await app.put(connected({ mode: "system", session: session({ resources }) }));
  await button("Open portal").click();
  await expect.poll(() => app.host.evaluate(({ shell }) => shell.opened)).toEqual(["https://portal.contoso.example/"]);
  await button("Copy build").click();
  await expect.poll(() => app.host.evaluate(({ clipboard }) => clipboard.readText())).toBe("build.contoso.example");
  expect(await button("Open trap").count()).toBe(0);
});
