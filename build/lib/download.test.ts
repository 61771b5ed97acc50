import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { needsProgram } from "../../test/harness/needs.ts";
import { download } from "./download.ts";
import { Trouble } from "./say.ts";

const content = Buffer.from("what was pinned, byte for byte");
const hash = createHash("sha256").update(content).digest("hex");

let folder: string;
let server: Server;
let url: string;
let asked: string[];
let ranges: (string | undefined)[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "sag-download-"));
  ranges = [];
  asked = [];
  server = createServer((request, response) => {
    asked.push(request.url ?? "");
    ranges.push(request.headers.range);
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
    if (from >= content.length) response.writeHead(416).end();
    else if (from > 0) response.writeHead(206).end(content.subarray(from));
    else response.end(content);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/archive`;
});

afterEach(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

it("moves the pinned file into place", async () => {
  await download(url, join(folder, "sub/file"), hash);
  expect(readFileSync(join(folder, "sub/file"))).toEqual(content);
});

it.each([
  ["in the middle", 7],
  ["before its check", content.length],
])("goes on where an attempt stopped %s", async (_, had) => {
  const path = join(folder, "file");
  writeFileSync(`${path}.part`, content.subarray(0, had));
  await download(url, path, hash);
  expect(readFileSync(path)).toEqual(content);
  expect(ranges).toEqual([`bytes=${had}-`]);
});

it("deletes a file with another checksum", async () => {
  const path = join(folder, "file");
  await expect(download(url, path, "0".repeat(64))).rejects.toThrow(Trouble);
  expect([existsSync(path), existsSync(`${path}.part`)]).toEqual([false, false]);
});

describe("on a network with a proxy", () => {
  afterEach(() => vi.unstubAllEnvs());

  it.each(["http_proxy", "HTTP_PROXY", "npm_config_proxy"])("uses the proxy of %s", async (name) => {
    for (const other of ["http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY"]) vi.stubEnv(other, "");
    vi.stubEnv(name, url.replace("/archive", ""));
    const path = join(folder, "file");
    await download("http://go.invalid/archive", path, hash);
    expect([readFileSync(path), asked]).toEqual([content, ["http://go.invalid/archive"]]);
  });

  it("uses CONNECT for a TLS server", async () => {
    for (const other of ["https_proxy", "no_proxy", "NO_PROXY"]) vi.stubEnv(other, "");
    vi.stubEnv("HTTPS_PROXY", url.replace("/archive", ""));
    const wanted: string[] = [];
    server.on("connect", (request, socket) => {
      wanted.push(request.url ?? "");
      socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
    });
    await expect(download("https://go.invalid/archive", join(folder, "file"), hash)).rejects.toThrow(Trouble);
    expect(wanted).toEqual(["go.invalid:443"]);
  });
});

it("trusts npm's cafile, and does not suggest a retry if a certificate is not trusted", async (context) => {
  needsProgram(context, "openssl");
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const made = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  const names = ["-subj", "/CN=proxy", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert];
  execFileSync("openssl", [...made, ...names], { stdio: "ignore" });
  const secure = createSecureServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_, response) =>
    response.end(content),
  ).listen(0, "127.0.0.1");
  await once(secure, "listening");
  const from = `https://127.0.0.1:${(secure.address() as AddressInfo).port}/archive`;
  try {
    const refused = await download(from, join(folder, "file"), hash).catch((error: Error) => error.message);
    expect(refused).toMatch(/could not download .*NODE_EXTRA_CA_CERTS/);
    expect(refused).not.toContain("again");
    vi.stubEnv("npm_config_cafile", cert);
    await download(from, join(folder, "file"), hash);
  } finally {
    vi.unstubAllEnvs();
    secure.close();
  }
});

it("reports in one sentence that there is no answer", async () => {
  await expect(download("http://127.0.0.1:1/x", join(folder, "file"), hash)).rejects.toThrow(/could not download/);
});
