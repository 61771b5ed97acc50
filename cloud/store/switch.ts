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

/** Begins the names of folders in which a restore unpacks, and of the journal. */
export const workPrefix = ".restore-";
const journalFile = `${workPrefix}journal`;
/** Also what earlier versions left. */
const leftover = /^\.restored?-/;

/** What a restore is about to put in place. All are names in the data directory, or in `new` inside `work`. */
export interface Switch {
  work: string;
  /** Files of the former data, which go into the folder `aside`. */
  old: string[];
  aside: string | null;
  /** Files that take their place. */
  fresh: string[];
}

/** Writes the journal, once all of the new files are on the disk. From then on the switch is only ever finished. */
export function beginSwitch(directory: string, what: Switch): void {
  flushTree(join(directory, what.work));
  const path = join(directory, journalFile);
  writeFileSync(`${path}.new`, JSON.stringify(what), { mode: 0o600, flush: true });
  renameSync(`${path}.new`, path);
  flush(directory);
}

/** Carries out what the journal says, from wherever a former process stopped. Needs the directory's lock. */
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
    // All of the former files go before the first new one comes: so a name tells which of the two it is.
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

/** Removes what an interrupted restore left, unless a journal still needs it. Needs the directory's lock. */
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

/** Waits until a file, or the names in a folder, are on the disk. */
function flush(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
