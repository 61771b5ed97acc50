import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Log } from "../base/log.ts";
import { TestClock } from "../testing/clock.ts";
import { RotatingFile } from "./rotating.ts";
import { sampled } from "./sampled.ts";

function folder(): string {
  const directory = mkdtempSync(join(tmpdir(), "sag-log-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function collecting() {
  const clock = new TestClock();
  const lines: { message: string; fields: Record<string, unknown> }[] = [];
  const log: Log = (_level, message, fields = {}) => void lines.push({ message, fields });
  return { clock, lines, ...sampled(log, clock) };
}

test("writes a thousand refusals as ten lines and a summary", () => {
  const { log, lines, clock } = collecting();
  for (let i = 0; i < 1_000; i++) log("info", "call", { call: "SignIn", cause: "bad_credentials", request: i });
  expect(lines).toHaveLength(10);
  clock.advance(10_000);
  expect(lines).toHaveLength(11);
  expect(lines.at(-1)?.fields).toEqual({
    call: "SignIn",
    cause: "bad_credentials",
    repeated: 990,
    withinMs: 10_000,
  });
  log("info", "call", { call: "SignIn", cause: "bad_credentials", request: 0 });
  expect(lines).toHaveLength(12);
});

test("refusals do not displace lines about changes or failures", () => {
  const { log, lines } = collecting();
  for (let kind = 0; kind < 50; kind++) {
    for (let i = 0; i < 20; i++) log("info", "call", { call: `call ${kind}`, cause: "unknown_code" });
  }
  expect(lines).toHaveLength(30);
  log("info", "signed in", { account: "acc-1" });
  log("error", "a call failed unexpectedly", { error: "stack" });
  log("info", "call", { call: "SignIn", cause: "" });
  expect(lines.slice(30).map(({ message }) => message)).toEqual(["signed in", "a call failed unexpectedly", "call"]);
});

test("writes a hundred lines of a kind, counts the rest, and loses no count", () => {
  const { log, lines, flush } = collecting();
  for (let i = 0; i < 150; i++) log("info", "session started", { session: i });
  flush();
  expect(lines).toHaveLength(101);
  expect(lines.at(-1)?.fields.repeated).toBe(50);
});

test("all files stay within the limit, and the latest lines are complete", () => {
  const directory = folder();
  const path = join(directory, "cloud.log");
  const file = new RotatingFile(path, { maxBytes: 1_000, keep: 3 });
  onTestFinished(() => file.close());
  for (let i = 0; i < 1_000; i++) file.write(`${JSON.stringify({ line: i, fill: "x".repeat(40) })}\n`);
  const names = readdirSync(directory).sort();
  expect(names).toEqual(["cloud.log", "cloud.log.1", "cloud.log.2", "cloud.log.3"]);
  let bytes = 0;
  const lines: number[] = [];
  for (const name of names.reverse()) {
    bytes += statSync(join(directory, name)).size;
    const text = readFileSync(join(directory, name), "utf8");
    for (const line of text.trimEnd().split("\n")) lines.push((JSON.parse(line) as { line: number }).line);
  }
  expect(bytes).toBeLessThanOrEqual(4_000);
  expect(lines.at(-1)).toBe(999);
  expect(lines).toEqual(Array.from({ length: lines.length }, (_, i) => 1_000 - lines.length + i));
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("appends to an existing file; a write failure only loses lines", () => {
  const path = join(folder(), "cloud.log");
  const first = new RotatingFile(path, { maxBytes: 100, keep: 0 });
  first.write("one\n");
  first.close();
  const second = new RotatingFile(path, { maxBytes: 100, keep: 0 });
  second.write("two\n");
  expect(readFileSync(path, "utf8")).toBe("one\ntwo\n");
  second.write(`${"x".repeat(98)}\n`);
  expect(readFileSync(path, "utf8")).toBe(`${"x".repeat(98)}\n`);
  second.close();
  second.write("lost\n");
  expect(() => new RotatingFile(join(path, "below-a-file"), { maxBytes: 1, keep: 1 })).toThrow();
});

test("reopens the log after logrotate has moved it", () => {
  const path = join(folder(), "cloud.log");
  const file = new RotatingFile(path);
  onTestFinished(() => file.close());
  file.write("one\n");
  renameSync(path, `${path}-20261130`);
  file.write("two\n");
  file.reopen();
  file.write("three\n");
  expect([readFileSync(`${path}-20261130`, "utf8"), readFileSync(path, "utf8")]).toEqual(["one\ntwo\n", "three\n"]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});
