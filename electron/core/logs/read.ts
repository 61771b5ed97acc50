import { closeSync, type FSWatcher, openSync, readdirSync, readFileSync, readSync, statSync, watch } from "node:fs";
import { join } from "node:path";
import { wordOf } from "../causes/wire.ts";
import type { Environment } from "../host/environment.ts";
import { logDirOf } from "./log.ts";

/** One line of the logs of core, sag-tunnel or the service. */
export interface LogEntry {
  /** RFC 3339. */
  time: string;
  level: string;
  msg: string;
  /** "core", "sag-tunnel", or "service" in system mode. */
  source: string;
  intranet?: string;
  session?: string;
  [name: string]: unknown;
}

const pattern = /^(core|sag-tunnel-([0-9a-z]{4,32}))\.log(?:\.([12]))?$/;

/** All log lines sorted by time; with an id only those of one intranet, including core's. */
export function readLogs(environment: Environment, intranetId?: string): LogEntry[] {
  const dir = logDirOf(environment);
  const files = logFiles(dir).sort((a, b) => b.age - a.age);
  const entries = files.flatMap(({ name, source, intranet }) => {
    const lines = readFileSync(join(dir, name), "utf8").split("\n");
    return parseLines(lines, source, intranet);
  });
  return inOrder(entries.filter((one) => isAbout(one, intranetId)));
}

/** By time. */
export const inOrder = (entries: LogEntry[]): LogEntry[] =>
  entries.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));

/** Calls back with lines written from now on, until it is closed. */
export function followLogs(
  environment: Environment,
  intranetId: string | undefined,
  onEntries: (entries: LogEntry[]) => void,
): { close(): void } {
  const dir = logDirOf(environment);
  const tails = new Map<string, Tail>();
  const look = (begin: (path: string) => number): void => {
    const fresh: LogEntry[] = [];
    for (const { name, source, intranet, age } of logFiles(dir)) {
      if (age > 0) continue;
      const path = join(dir, name);
      const tail = tails.get(name) ?? new Tail(path, begin(path));
      tails.set(name, tail);
      fresh.push(...parseLines(tail.read(), source, intranet));
    }
    const mine = fresh.filter((one) => isAbout(one, intranetId));
    if (mine.length > 0) onEntries(mine);
  };
  look((path) => statSync(path).size);
  // A file that appears later is read from its beginning.
  const watcher: FSWatcher = watch(dir, () => look(() => 0));
  watcher.on("error", () => undefined);
  return { close: () => watcher.close() };
}

interface LogFile {
  name: string;
  source: string;
  intranet: string | undefined;
  /** 0 is the current file. */
  age: number;
}

function logFiles(dir: string): LogFile[] {
  let names: string[] = [];
  try {
    names = readdirSync(dir);
  } catch {
    // There are no logs yet.
  }
  return names.flatMap((name) => {
    const match = pattern.exec(name);
    if (!match) return [];
    const source = match[1] === "core" ? "core" : "sag-tunnel";
    return [{ name, source, intranet: match[2], age: Number(match[3] ?? 0) }];
  });
}

/** Parses log lines. A line that is not JSON is output of a crash and gets the time of the line before. */
export function parseLines(lines: string[], source: string, intranet: string | undefined): LogEntry[] {
  let time = "";
  return lines
    .filter((line) => line !== "")
    .map((line) => {
      const fields = parse(line);
      const entry: LogEntry = {
        time,
        level: "ERROR",
        msg: line,
        ...(fields && inWords(fields)),
        source,
        ...(intranet === undefined ? {} : { intranet }),
      };
      const at = new Date(entry.time);
      // sag-tunnel logs local time with more digits; UTC in ISO format can be sorted as text.
      if (!Number.isNaN(at.getTime())) entry.time = at.toISOString();
      time = entry.time;
      return entry;
    });
}

/** Replaces the contract's enum names of phases and causes by the words used in the CLI. */
function inWords(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => {
      const prefix = /^(PHASE|CAUSE)_(?=[A-Z])/.exec(typeof value === "string" ? value : "")?.[0];
      if (prefix === undefined) return [[name, value]];
      const word = wordOf(value, prefix);
      return word === null ? [] : [[name, word]];
    }),
  );
}

function parse(line: string): { time?: string; level?: string; msg?: string } | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

export const isAbout = (entry: LogEntry, intranetId: string | undefined): boolean =>
  intranetId === undefined || entry.intranet === intranetId;

/** Reads what is appended to a file, and starts over when the file was rotated. */
class Tail {
  readonly #path: string;
  #offset: number;
  #inode = 0;
  #rest = "";

  constructor(path: string, offset: number) {
    this.#path = path;
    this.#offset = offset;
    this.#inode = statSync(path).ino;
  }

  /** Returns the complete lines added since the last call. */
  read(): string[] {
    let text = "";
    try {
      const file = openSync(this.#path, "r");
      try {
        const inode = statSync(this.#path).ino;
        if (inode !== this.#inode) [this.#inode, this.#offset, this.#rest] = [inode, 0, ""];
        const buffer = Buffer.alloc(64 * 1024);
        for (;;) {
          const count = readSync(file, buffer, 0, buffer.length, this.#offset);
          if (count === 0) break;
          this.#offset += count;
          text += buffer.toString("utf8", 0, count);
        }
      } finally {
        closeSync(file);
      }
    } catch {
      // The file was rotated at this moment; the next call reads the new one.
    }
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    return lines;
  }
}
