import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";
import { afterEach, beforeEach, expect, it } from "vitest";
import { unzip } from "./unzip.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sag-unzip-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A minimal zip archive with only the fields that unzip reads. */
const zip = (files: Record<string, string>): string => {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, text] of Object.entries(files)) {
    const body = deflateRawSync(text);
    const local = Buffer.alloc(30 + name.length);
    local.writeUInt16LE(name.length, 26);
    local.write(name, 30);
    const entry = Buffer.alloc(46 + name.length);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(8, 10);
    entry.writeUInt32LE(body.length, 20);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(offset, 42);
    entry.write(name, 46);
    parts.push(local, body);
    directory.push(entry);
    offset += local.length + body.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(offset, 16);
  const path = join(folder, "archive.zip");
  writeFileSync(path, Buffer.concat([...parts, ...directory, end]));
  return path;
};

it("unpacks files below the target, without the prefix and with their modes", () => {
  const archive = zip({ "go@1/bin/go": "a program", "go@1/src/": "", "go@1/src/a.go": "package a" });
  unzip(archive, join(folder, "out"), "go@1/", (name) => (name.startsWith("bin/") ? 0o755 : 0o644));
  expect(readFileSync(join(folder, "out/src/a.go"), "utf8")).toBe("package a");
  expect(statSync(join(folder, "out/bin/go")).mode & 0o777).toBe(0o755);
});

it("refuses a name outside the target", () => {
  const archive = zip({ "go@1/../../evil": "x" });
  expect(() => unzip(archive, join(folder, "out"), "go@1/", () => 0o644)).toThrow(/outside/);
});

it("refuses a file that is not an archive", () => {
  writeFileSync(join(folder, "text"), "not an archive");
  expect(() => unzip(join(folder, "text"), folder, "", () => 0o644)).toThrow(/not a zip/);
});
