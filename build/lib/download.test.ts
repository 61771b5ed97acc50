import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { download } from "./download.ts";
import { Trouble } from "./say.ts";

const content = Buffer.from("what was pinned, byte for byte");
const hash = createHash("sha256").update(content).digest("hex");

let folder: string;
let server: Server;
let url: string;
let ranges: (string | undefined)[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "sag-download-"));
  ranges = [];
  server = createServer((request, response) => {
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

it("puts the pinned file in place", async () => {
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

it("throws away what is not the pinned file", async () => {
  const path = join(folder, "file");
  await expect(download(url, path, "0".repeat(64))).rejects.toThrow(Trouble);
  expect([existsSync(path), existsSync(`${path}.part`)]).toEqual([false, false]);
});

it("says in a sentence that nobody answers", async () => {
  await expect(download("http://127.0.0.1:1/x", join(folder, "file"), hash)).rejects.toThrow(/could not download/);
});
