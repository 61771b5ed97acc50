import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

/** Prefix of the folder in which a restore unpacks, and of the journal. */
export const workPrefix = ".restore-";
const journalFile = `${workPrefix}journal`;
/** Includes leftovers of earlier versions. */
const leftover = /^\.restored?-/;

/** Journal of a restore: what to move into place. All are names in the data directory, or in `new` inside `work`. */
export interface Switch {
  work: string;
  /** Former files, which are moved into the folder `aside`. */
  old: string[];
  aside: string | null;
  /** Files that replace them. */
  fresh: string[];
}

/** Writes the journal after all new files are on disk. From then on, the switch is only completed, never undone. */
export function beginSwitch(directory: string, what: Switch): void {
  flushTree(join(directory, what.work));
  const path = join(directory, journalFile);
  writeFileSync(`${path}.new`, JSON.stringify(what), { mode: 0o600, flush: true });
  renameSync(`${path}.new`, path);
  flush(directory);
}

/** Completes the switch of the journal, from wherever an earlier process stopped. Requires the directory's lock. */
export function finishSwitch(directory: string, step: () => void = () => {}): void {
  const path = join(directory, journalFile);
  if (!existsSync(path)) return;
  const { work, old, aside, fresh } = JSON.parse(readFileSync(path, "utf8")) as Switch;
  const move = (from: string, to: string) => {
    step();
    renameSync(from, to);
  };
  if (aside !== null) {
    const kept = join(directory, aside);
    mkdirSync(kept, { recursive: true, mode: 0o700 });
    // Move all former files before the first new one, so that a file's location tells which of the two it is.
    for (const name of old) {
      const from = join(directory, name);
      if (existsSync(from) && !existsSync(join(kept, name))) move(from, join(kept, name));
    }
    flush(kept);
  }
  for (const name of fresh) {
    const from = join(directory, work, "new", name);
    if (existsSync(from)) move(from, join(directory, name));
  }
  flush(directory);
  step();
  rmSync(path);
  flush(directory);
  step();
}

/** Removes the files of an interrupted restore, unless a journal still needs them. Requires the directory's lock. */
export function removeLeftovers(directory: string): void {
  const names = readdirSync(directory);
  if (names.includes(journalFile)) return;
  for (const name of names) {
    if (leftover.test(name)) rmSync(join(directory, name), { recursive: true, force: true });
  }
}

function flushTree(path: string): void {
  if (statSync(path).isDirectory()) for (const name of readdirSync(path)) flushTree(join(path, name));
  flush(path);
}

/** Waits until a file, or the entries of a directory, are on disk. */
function flush(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
