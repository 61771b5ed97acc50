/** What a run that may have been cut off had found by then. */
export interface Finished {
  passed: number;
  failed: number;
  /** The files or packages that came to their end. */
  through: ReadonlySet<string>;
}

/** From Vitest's default reporter: a line for each file when it has ended. */
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
  // A file that does not even load has no such line.
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

/** From `go test -json`: tests of packages that came to their end. */
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
