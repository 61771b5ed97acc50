import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it, onTestFinished } from "vitest";
import { needsRoot } from "../../../test/harness/needs.ts";
import { ownFolder, ownHome } from "./home.ts";
import { otherRuntimeDirs, runtimeDirAtHome, runtimeDirInTmp } from "./runtime.ts";

const uid = process.getuid?.() ?? 0;
const somebodyElse = 65_534;
let root: string;
beforeEach(() => {
  root = mkdtempSync("/tmp/sag-r-");
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

it("is below the home directory, private, and the same for every call", () => {
  const dir = runtimeDirAtHome(root, uid);
  expect(dir).toMatch(new RegExp(`^${root}/\\.local/state/sag/run/[0-9a-f]{8}$`));
  expect(statSync(`${dir}`).mode & 0o777).toBe(0o700);
  expect(runtimeDirAtHome(root, uid)).toBe(dir);
});

it("is elsewhere without a home, or if the path is too long for a socket", () => {
  expect(runtimeDirAtHome("/proc/nowhere", uid)).toBeNull();
  expect(runtimeDirAtHome("/dev/null", uid)).toBeNull();
  expect(runtimeDirAtHome(join(root, "x".repeat(60)), uid)).toBeNull();
  const dir = runtimeDirInTmp("/proc/nowhere", uid, root);
  expect(dirname(dir)).toBe(root);
  expect(runtimeDirInTmp("/proc/nowhere", uid, root)).toBe(dir);
  // Each home directory has its own intranets, even for the same user.
  expect(runtimeDirInTmp("/another", uid, root)).not.toBe(dir);
});

it("ignores a directory in /tmp that another user created first, or that is accessible to others", (context) => {
  needsRoot(context);
  const expected = runtimeDirInTmp("/home/alice", uid, root);
  chownSync(expected, somebodyElse, somebodyElse);
  const dir = runtimeDirInTmp("/home/alice", uid, root);
  expect(dir).not.toBe(expected);
  expect(statSync(dir)).toMatchObject({ uid });
  expect(runtimeDirInTmp("/home/alice", uid, root)).toBe(dir);
  expect(readdirSync(root)).toHaveLength(2);
});

it("keeps its directory in /tmp when another user's one is removed, and searches all of its own", (context) => {
  needsRoot(context);
  const taken = runtimeDirInTmp("/home/alice", uid, root);
  chownSync(taken, somebodyElse, somebodyElse);
  const dir = runtimeDirInTmp("/home/alice", uid, root);
  rmSync(taken, { recursive: true });
  expect(runtimeDirInTmp("/home/alice", uid, root)).toBe(dir);
  const look = (): string[] => otherRuntimeDirs({}, "/home/alice", uid, root);
  expect(look()).toContain(dir);
  for (const other of [taken, `${taken}-abcdef`]) {
    mkdirSync(other, { mode: 0o700 });
    expect(look()).toContain(other);
  }
  chownSync(taken, somebodyElse, somebodyElse);
  expect(look()).not.toContain(taken);
  expect(look()).toContain(dir);
  // Not a directory of another user or for another home.
  expect(otherRuntimeDirs({}, "/home/bob", uid, root)).not.toContain(dir);
});

it("is not slowed down by directories that another user plants in /tmp", (context) => {
  needsRoot(context);
  // Planting them on a disk would take half a minute.
  const tmp = mkdtempSync("/dev/shm/sag-r-");
  onTestFinished(() => rmSync(tmp, { recursive: true, force: true }));
  const taken = runtimeDirInTmp("/home/alice", uid, tmp);
  chownSync(taken, somebodyElse, somebodyElse);
  const dir = runtimeDirInTmp("/home/alice", uid, tmp);
  const planted = 10_000;
  for (let n = 0; n < planted; n++) {
    const path = `${taken}-${`${n}`.padStart(6, "z")}`;
    mkdirSync(path, { mode: 0o700 });
    chownSync(path, somebodyElse, somebodyElse);
  }
  const look = (): string[] => otherRuntimeDirs({}, "/home/alice", uid, tmp);
  const began = performance.now();
  expect(look()).toContain(dir);
  const first = performance.now() - began;
  const times = Array.from({ length: 9 }, (_, n) => {
    // Another user can change /tmp all the time.
    writeFileSync(join(tmp, `changed-${n}`), "");
    const at = performance.now();
    expect(look()).toContain(dir);
    return performance.now() - at;
  });
  // The first call looks at each of them.
  expect(times.sort((a, b) => a - b)[4]).toBeLessThan(first / 2);
  mkdirSync(`${taken}-mine00`, { mode: 0o700 });
  expect(look()).toContain(`${taken}-mine00`);
});

it("uses the directories of earlier versions only if they belong to this user alone", () => {
  const former = join(root, "sag");
  const look = (): string[] => otherRuntimeDirs({ XDG_RUNTIME_DIR: root }, root, uid);
  expect(look()).not.toContain(former);
  mkdirSync(former, { mode: 0o700 });
  expect(look()).toContain(former);
  mkdirSync(join(root, "open"));
  if (uid === 0) {
    chownSync(former, somebodyElse, somebodyElse);
    expect(look()).not.toContain(former);
  }
});

it("removes directories of earlier boots after a month without changes", () => {
  const runs = join(root, ".local/state/sag/run");
  const old = (Date.now() - 31 * 86_400_000) / 1_000;
  for (const name of ["old", "used"]) {
    mkdirSync(join(runs, name, "abcd"), { recursive: true, mode: 0o700 });
    writeFileSync(join(runs, name, "abcd", "session"), "");
    if (name === "old") utimesSync(join(runs, name, "abcd"), old, old);
    utimesSync(join(runs, name), old, old);
  }
  runtimeDirAtHome(root, uid);
  expect([existsSync(join(runs, "old")), existsSync(join(runs, "used"))]).toEqual([false, true]);
});

it("root does not use another user's directory", (context) => {
  needsRoot(context);
  const alice = join(root, "alice");
  mkdirSync(alice);
  chownSync(alice, somebodyElse, somebodyElse);
  expect(ownHome({ HOME: root }, uid)).toBe(root);
  expect(ownHome({ HOME: alice }, uid)).not.toBe(alice);
  expect(ownHome({ HOME: alice }, somebodyElse)).toBe(alice);
  expect(ownFolder(join(alice, "config"), uid)).toBeUndefined();
  expect(ownFolder(join(root, "not", "there"), uid)).toBe(join(root, "not", "there"));
  expect(ownFolder("relative", uid)).toBeUndefined();
});
