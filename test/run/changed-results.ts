/** The results of a run that may have been cut off. */
export interface Finished {
  passed: number;
  failed: number;
  /** The files or packages that finished. */
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

interface Event {
  Action: string;
  Package?: string;
  Test?: string;
}

/** Parses `go test -json`: the tests of packages that finished. */
export const finishedPackages = (out: string): Finished => {
  const events = out
    .split("\n")
    .filter((line) => line.startsWith("{") && line.endsWith("}"))
    .map((line) => JSON.parse(line) as Event);
  const isEnd = ({ Action }: Event): boolean => Action === "pass" || Action === "fail" || Action === "skip";
  const through = new Set(events.filter((one) => !one.Test && isEnd(one)).map((one) => one.Package ?? ""));
  const tests = events.filter((one) => one.Test && through.has(one.Package ?? ""));
  const count = (action: string): number => tests.filter((one) => one.Action === action).length;
  // A package that does not compile fails without a test.
  const silent = events.filter(
    (one) =>
      !one.Test &&
      one.Action === "fail" &&
      !tests.some((test) => test.Package === one.Package && test.Action === "fail"),
  );
  return { passed: count("pass"), failed: count("fail") + silent.length, through };
};
