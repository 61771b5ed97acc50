import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { request as localRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { locally } from "./ctl/connection.ts";
import { makeCertificate } from "./security/x509.ts";
import { serve } from "./serve.ts";
import { killAll, run, spawnServer } from "./testing/process.ts";
import { get } from "./testing/server.ts";

let base = "";
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "sag-cloud-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  killAll();
});
afterAll(() => rmSync(base, { recursive: true, force: true }));
// Each test starts processes, which are slow on a busy host.
vi.setConfig({ testTimeout: 60_000 });

const day = 86_400_000;
const newKey = () => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
const pem = (key: KeyObject) => key.export({ type: "pkcs8", format: "pem" }).toString();
const authorityKey = newKey();
const times = { notBefore: Date.now() - day, notAfter: Date.now() + 60 * day };
const authority = makeCertificate({ subject: "Test authority", key: authorityKey, ...times });
const middleKey = newKey();
const issuer = { name: "Test authority", key: authorityKey };

/** Separate certificate and key files, as ACME clients write them. */
function files(name: string, key: KeyObject, names: string[], change: { notAfter?: number } = {}) {
  const wish = { subject: names[0] ?? "", key, issuer, names, ...times, ...change };
  const [certificate, keyFile, ca] = ["cert", "key", "ca"].map((kind) => join(base, `${name}.${kind}.pem`)) as [
    string,
    string,
    string,
  ];
  writeFileSync(certificate, makeCertificate(wish));
  writeFileSync(keyFile, pem(key));
  writeFileSync(ca, authority);
  return { certificate, keyFile, ca, arguments: ["--tls-cert", certificate, "--tls-key", keyFile] };
}

/** Fingerprint of the certificate that is currently served. */
function served(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const { port } = new URL(url);
    const socket = connect({ port: Number(port), host: "127.0.0.1", rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate()?.toString() ?? "");
      socket.destroy();
    });
    socket.on("error", reject);
  });
}

const link = async (directory: string, more: Record<string, unknown> = {}) =>
  ((await locally(directory)("link create", more)) as { link: string }).link;
const pinsIn = (text: string) => new URLSearchParams(text.split("?")[1]).getAll("pin").length;

test("reloads renewed files on SIGHUP and automatically, but not a half-finished renewal", async () => {
  const first = files("renewed", newKey(), ["localhost"]);
  const directory = join(base, "renewed");
  const server = await spawnServer(directory, "127.0.0.1:0", first.arguments);
  const before = await served(server.url);
  const key = newKey();
  const second = files("next", key, ["localhost"]);
  renameSync(second.certificate, first.certificate);
  process.kill(server.pid, "SIGHUP");
  // The key does not match yet, so the former certificate is still served.
  expect(await served(server.url)).toBe(before);
  renameSync(second.keyFile, first.keyFile);
  process.kill(server.pid, "SIGHUP");
  await expect.poll(() => served(server.url)).toBe(readFileSync(first.certificate, "utf8"));
  const third = files("third", key, ["localhost", "vpn.example.com"]);
  renameSync(third.certificate, first.certificate);
  await expect
    .poll(() => served(server.url), { timeout: 30_000, interval: 200 })
    .toBe(readFileSync(first.certificate, "utf8"));
  const ended = await server.kill("SIGTERM");
  expect(ended.code).toBe(0);
  expect(ended.stderr).toContain("the former one stays in use");
  expect(ended.stderr.match(/was not announced/g)).toHaveLength(1);
});

test("SIGHUP does not end a server with a self-signed certificate", async () => {
  const server = await spawnServer(join(base, "hup"));
  process.kill(server.pid, "SIGHUP");
  expect((await get(server.url, "/healthz")).status).toBe(200);
  expect((await server.kill("SIGTERM")).code).toBe(0);
});

test("links contain pins only if the certificate is not trusted; the public URL is stored", async () => {
  const { certificate, keyFile, ca } = files("vouched", newKey(), ["vpn.example.com"]);
  const directory = join(base, "vouched");
  const args = ["--tls-cert", certificate, "--tls-key", keyFile];
  vi.stubEnv("NODE_EXTRA_CA_CERTS", ca);
  const server = await spawnServer(directory, "127.0.0.1:0", [...args, "--public-url", "https://vpn.example.com"]);
  const made = await run("ctl/main.ts", ["quick-setup", "Contoso", "--data", directory, "--json"]);
  const quick = (JSON.parse(made.stdout) as { link: string }).link;
  expect([quick.includes("server=vpn.example.com&"), pinsIn(quick)]).toEqual([true, 0]);
  expect(pinsIn(await link(directory, { pins: true }))).toBe(1);
  // Not a name in the certificate.
  expect(pinsIn(await link(directory, { server: "https://other.example.com:8443" }))).toBe(1);
  await server.kill("SIGTERM");
  vi.stubEnv("NODE_EXTRA_CA_CERTS", undefined);
  const untrusted = await spawnServer(directory, "127.0.0.1:0", args);
  const again = await link(directory);
  expect([again.includes("server=vpn.example.com&"), pinsIn(again)]).toEqual([true, 1]);
  await untrusted.kill("SIGTERM");
  const selfMade = await spawnServer(directory, "127.0.0.1:0", ["--public-url", ""]);
  expect(await link(directory)).toContain(encodeURIComponent(new URL(selfMade.url).host));
});

test("warns about a missing intermediate certificate or an expired one at start", async () => {
  const middle = { name: "Test intermediate", key: middleKey };
  const intermediate = makeCertificate({ subject: middle.name, key: middleKey, issuer, authority: true, ...times });
  const key = newKey();
  const leaf = makeCertificate({ subject: "localhost", key, issuer: middle, names: ["localhost"], ...times });
  const [cert, keyFile] = [join(base, "leaf.pem"), join(base, "leaf.key")];
  writeFileSync(cert, leaf);
  writeFileSync(keyFile, pem(key));
  const start = async (chain: string) => {
    writeFileSync(cert, chain);
    const running = await serve({
      data: join(base, "chain"),
      listen: "127.0.0.1:0",
      log: () => {},
      tlsCert: cert,
      tlsKey: keyFile,
    });
    await running.stop();
    return running.warnings;
  };
  expect((await start(leaf)).join()).toContain('no certificate of "CN=Test intermediate"');
  expect((await start(leaf + intermediate)).join()).toContain('no certificate of "CN=Test authority"');
  const expired = files("expired", newKey(), ["localhost"], { notAfter: Date.now() - day / 2 });
  writeFileSync(keyFile, readFileSync(expired.keyFile));
  expect((await start(readFileSync(expired.certificate, "utf8"))).length).toBe(1);
});

test("announces the next key before it is used", async () => {
  const next = newKey();
  const first = files("announced", newKey(), ["localhost"]);
  const nextFile = join(base, "announced.next.pem");
  writeFileSync(nextFile, pem(next));
  const options = {
    data: join(base, "announced"),
    listen: "127.0.0.1:0",
    tlsCert: first.certificate,
    tlsKey: first.keyFile,
  };
  const lines: string[] = [];
  const running = await serve({ ...options, tlsNextKey: nextFile, log: (_level, message) => void lines.push(message) });
  expect(running.pins).toHaveLength(2);
  files("announced", next, ["localhost"]);
  running.reload();
  await expect.poll(() => served(running.url)).toBe(readFileSync(first.certificate, "utf8"));
  await running.stop();
  expect(lines.filter((line) => line.includes("not announced"))).toEqual([]);
  await expect(
    serve({ data: join(base, "x"), listen: "127.0.0.1:0", tlsNextKey: nextFile, log: () => {} }),
  ).rejects.toThrow("--tls-cert");
});

test("uses the spare key if the key was lost", async () => {
  const directory = join(base, "spare");
  const start = () => serve({ data: directory, listen: "127.0.0.1:0", log: () => {} });
  const first = await start();
  await first.stop();
  rmSync(join(directory, "tls/key.pem"));
  const second = await start();
  await second.stop();
  expect(second.pins[0]).toBe(first.pins[1]);
  expect(second.pins[1]).not.toBe(first.pins[0]);
  expect(existsSync(join(directory, "tls/spare.key"))).toBe(true);
  writeFileSync(join(directory, "tls/key.pem"), "half");
  await expect(start()).rejects.toMatchObject({ code: "storage_damaged" });
});

test("does not serve metrics on the clients' listener, whatever a proxy sends", async () => {
  const data = join(base, "metrics");
  const running = await serve({ data, listen: "127.0.0.1:0", adminListen: "127.0.0.1:0", log: () => {} });
  expect((await get(running.url, "/metrics")).status).toBe(404);
  expect((await get(running.url, "/metrics", { host: "127.0.0.1" })).status).toBe(404);
  const { body } = await get(running.adminUrl ?? "", "/metrics");
  expect(body).toContain("sag_cloud_info");
  // A self-signed certificate is renewed 30 days before it expires.
  expect(Number(/^sag_certificate_expiry_seconds (\d+)$/m.exec(body)?.[1])).toBeGreaterThan(30 * 86_400);
  const local = await new Promise<string>((resolve, reject) => {
    const sent = localRequest({ socketPath: join(data, "admin.sock"), path: "/metrics" }, (response) => {
      response.on("data", (chunk) => resolve(String(chunk)));
    });
    sent.on("error", reject);
    sent.end();
  });
  expect(local).toContain("sag_instances 0");
  await running.stop();
});

test.each(["http://x", "https://x/path", "https://", "https://u:p@x", "x y", "https://x:0", "https://x?y"])(
  "%s is not accepted as public URL",
  async (text) => {
    const starting = serve({ data: join(base, "names"), listen: "127.0.0.1:0", log: () => {}, publicUrl: text });
    await expect(starting).rejects.toMatchObject({ code: "invalid_argument" });
  },
);
