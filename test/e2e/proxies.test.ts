import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addresses, portalText, portalUrl } from "../harness/intranet/plan.ts";
import { needsProgram } from "../harness/needs.ts";
import { type NtlmServer, startNtlmServer } from "../harness/ntlm-server.ts";
import type { Seen } from "../harness/person.ts";
import { curl } from "./curl.ts";
import { givenCompany } from "./fixture.ts";

/** Common programs that use the proxies. */
const ntlmAddress = "10.77.0.81";
let ntlm: NtlmServer;
const company = givenCompany({
  prepare: async (site) => {
    ntlm = await startNtlmServer();
    site.published.push(`${ntlmAddress}:80=127.0.0.1:${ntlm.port}`);
  },
});
let seen: Seen;
beforeAll(async () => {
  ({ seen } = await company.connected());
});
afterAll(() => ntlm?.close());

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

  it("cannot fetch the portal without the tunnel", async () => {
    expect((await curl(["--fail", "--max-time", "2", `http://${addresses.portal}/`])).code).not.toBe(0);
  });

  it.each([
    ["a port that is not published", `http://${addresses.portal}:81/`],
    ["a name unknown in the intranet", "http://nothing.trial.internal/"],
  ])("fails at once for %s", async (_, url) => {
    const done = await curl(["--fail", "--socks5-hostname", `${seen.socks}`, url]);
    expect(done.code).not.toBe(0);
    expect(done.took).toBeLessThan(3_000);
  });
});

describe("a server that authenticates connections (NTLM, Negotiate)", () => {
  it.each<[string, () => string[]]>([
    ["by -x http://", () => ["-x", `http://${seen.http}`]],
    ["by -x http:// with CONNECT", () => ["-p", "-x", `http://${seen.http}`]],
    ["by --socks5-hostname", () => ["--socks5-hostname", `${seen.socks}`]],
  ])("accepts curl --ntlm %s, which then stays signed in", async (_, args) => {
    const url = `http://${ntlmAddress}/`;
    const before = ntlm.connections.length;
    const done = await curl(["--ntlm", "-u", "anna:secret", ...args(), url, url, url]);
    expect(done.stdout, done.stderr).toBe(`welcome on connection ${before + 1}\n`.repeat(3));
    expect(ntlm.connections.length).toBe(before + 1);
  });

  it("gets a separate connection for each client's connection, whatever is sent on it", async () => {
    const before = ntlm.connections.length;
    const [anna, other] = await Promise.all([keptClient(), keptClient()]);
    const type = (n: number): string => {
      const message = Buffer.alloc(64);
      message.write("NTLMSSP\0", "latin1");
      message.writeUInt32LE(n, 8);
      return `Authorization: NTLM ${message.toString("base64")}\r\n`;
    };
    expect(await anna.request(type(1))).toBe(401);
    expect(await other.request(type(3))).toBe(401);
    expect(await anna.request(`${type(3)}Content-Length: 4\r\n`, "POST", "body")).toBe(200);
    for (const method of ["GET", "HEAD", "POST"]) expect(await anna.request("", method)).toBe(200);
    expect(await other.request("")).toBe(401);
    expect(ntlm.connections.slice(before).sort()).toEqual([2, 5]);
    anna.socket.destroy();
    // A new client does not get a connection left by another one.
    expect(await (await keptClient()).request("")).toBe(401);
    expect(ntlm.connections.length).toBe(before + 3);
    other.socket.destroy();
  });
});

/** One connection to the HTTP proxy; each request waits for its status before the next one is sent. */
async function keptClient(): Promise<{
  socket: Socket;
  request: (fields: string, method?: string, body?: string) => Promise<number>;
}> {
  const [host, port] = `${seen.http}`.split(":");
  const socket = connect(Number(port), host);
  await once(socket, "connect");
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  const request = async (fields: string, method = "GET", body = ""): Promise<number> => {
    const head = `${method} http://${ntlmAddress}/ HTTP/1.1\r\nHost: ${ntlmAddress}\r\n${fields}\r\n`;
    socket.write(head + body);
    const [, status] = `${(await lines.next()).value}`.split(" ");
    while (`${(await lines.next()).value}` !== "");
    if (method !== "HEAD" && status === "200") await lines.next(); // the body is one line
    return Number(status);
  };
  return { socket, request };
}

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

  it("shows the portal by its name, and connects directly to an address outside", async (context) => {
    needsProgram(context, "chromium");
    // Without this, Chromium never asks the PAC file about loopback addresses.
    const args = ["--no-sandbox", `--proxy-pac-url=${seen.pac}`, "--proxy-bypass-list=<-loopback>"];
    browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args });
    const page = await browser.newPage();
    await page.goto(portalUrl);
    expect(await page.locator("h1").textContent()).toBe(portalText);
    await page.goto(`http://127.0.0.1:${(outside.address() as AddressInfo).port}/`);
    expect(await page.locator("body").textContent()).toBe("you are outside");
  });
});
