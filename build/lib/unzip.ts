import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { inflateRawSync } from "node:zlib";

const endOfDirectory = 0x06054b50;
const directoryEntry = 0x02014b50;
const deflated = 8;

/**
 * Unpacks an archive below `target`, removing the prefix `strip` from names; `modeOf` returns a file's mode. Only for archives with a
 * known hash: it trusts the central directory, and refuses only names that would escape `target`.
 */
export const unzip = (archive: string, target: string, strip: string, modeOf: (name: string) => number): void => {
  const bytes = readFileSync(archive);
  const end = bytes.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (end < 0 || bytes.readUInt32LE(end) !== endOfDirectory) throw new Error(`${archive} is not a zip archive`);
  let at = bytes.readUInt32LE(end + 16);
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left--) {
    if (bytes.readUInt32LE(at) !== directoryEntry) throw new Error(`${archive} has a damaged directory`);
    const method = bytes.readUInt16LE(at + 10);
    const packed = bytes.readUInt32LE(at + 20);
    const nameLength = bytes.readUInt16LE(at + 28);
    const name = bytes.toString("utf8", at + 46, at + 46 + nameLength);
    const local = bytes.readUInt32LE(at + 42);
    at += 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
    if (name.endsWith("/")) continue;
    const inner = normalize(name.startsWith(strip) ? name.slice(strip.length) : name);
    if (inner.startsWith("..") || inner.startsWith("/")) throw new Error(`${archive} names a file outside: ${name}`);
    const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    const content = bytes.subarray(start, start + packed);
    const path = join(target, inner);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, method === deflated ? inflateRawSync(content) : content, { mode: modeOf(inner) });
  }
};
