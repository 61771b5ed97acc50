/** The results of a run that may have been cut off. */
export interface Finished {
  passed: number;
  failed: number;
  /** The files that finished. */
  through: ReadonlySet<string>;
}

/** Parses the output of Vitest's default reporter, which prints a line for each finished file. */
export const finishedFiles = (out: string): Finished => {
  const through = new Set<string>();
  let passed = 0;
  let bad = 0;
  for (const line of out.split("\n")) {
    const [, path = "", count = ""] = /^ [✓❯↓] (\S+\.test\.tsx?) \((.*?)\)/.exec(line) ?? [];
    if (!path || through.has(path)) continue;
    through.add(path);
    const number = (what: RegExp): number => Number(what.exec(count)?.[1] ?? 0);
    const wrong = number(/(\d+) failed/);
    bad += wrong;
    passed += number(/(\d+) tests?/) - wrong - number(/(\d+) skipped/);
  }
  // Files that fail to load have no such line.
  for (const [, path = ""] of out.matchAll(/^ FAIL {2}(\S+\.test\.tsx?) \[/gm)) {
    if (through.has(path)) continue;
    through.add(path);
    bad++;
  }
  return { passed, failed: bad, through };
};
