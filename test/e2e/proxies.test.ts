import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addresses, portalText, portalUrl } from "../harness/intranet/plan.ts";
import { needsProgram } from "../harness/needs.ts";
import type { Seen } from "../harness/person.ts";
import { curl } from "./curl.ts";
import { givenCompany } from "./fixture.ts";

/** What somebody inside can reach, with the programs they have. */
const company = givenCompany();
let seen: Seen;
beforeAll(async () => {
  ({ seen } = await company.connected());
});

describe("curl", () => {
  it.each<[string, () => string[]]>([
    ["by --socks5-hostname", () => ["--socks5-hostname", `${seen.socks}`, portalUrl]],
    ["by -x http://", () => ["-x", `http://${seen.http}`, portalUrl]],
    ["by -x http:// with CONNECT", () => ["-p", "-x", `http://${seen.http}`, portalUrl]],
    ["by address", () => ["--socks5-hostname", `${seen.socks}`, `http://${addresses.portal}/`]],
  ])("fetches the portal %s", async (_, args) => {
    const done = await curl(["--fail", ...args()]);
    expect(done.stdout, done.stderr).toContain(portalText);
  });

  it("cannot fetch it without the tunnel", async () => {
    expect((await curl(["--fail", "--max-time", "2", `http://${addresses.portal}/`])).code).not.toBe(0);
  });

  it.each([
    ["a port that nobody published", `http://${addresses.portal}:81/`],
    ["a name that the intranet does not have", "http://nothing.trial.internal/"],
  ])("is told at once about %s", async (_, url) => {
    const done = await curl(["--fail", "--socks5-hostname", `${seen.socks}`, url]);
    expect(done.code).not.toBe(0);
    expect(done.took).toBeLessThan(3_000);
  });
});

describe("Chromium with the PAC", () => {
  let browser: Browser | undefined;
  let outside: Server;
  beforeAll(async () => {
    outside = createServer((_, response) => response.end("you are outside")).listen(0, "127.0.0.1");
    await once(outside, "listening");
  });
  afterAll(async () => {
    await browser?.close();
    outside.close();
  });

  it("shows the portal by its name, and goes to an outside name by itself", async (context) => {
    needsProgram(context, "chromium");
    // The proxy knows no outside.example: only a browser that goes there directly finds it.
    const args = ["--no-sandbox", `--proxy-pac-url=${seen.pac}`, "--host-resolver-rules=MAP outside.example 127.0.0.1"];
    browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args });
    const page = await browser.newPage();
    await page.goto(portalUrl);
    expect(await page.locator("h1").textContent()).toBe(portalText);
    await page.goto(`http://outside.example:${(outside.address() as AddressInfo).port}/`);
    expect(await page.locator("body").textContent()).toBe("you are outside");
  });
});
