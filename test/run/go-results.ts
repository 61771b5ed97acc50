import type { NotRun, Outcome } from "./outcome.ts";

/** One line of `go test -json`. */
interface Event {
  Action: string;
  Package?: string;
  ImportPath?: string;
  Test?: string;
  Output?: string;
}

/** The result of a run of `go test -json`, which may have been cut off. */
export interface GoResults extends Outcome {
  /** The packages that finished. */
  through: ReadonlySet<string>;
}

/** What is known of one package, or of one test. */
interface Unit {
  name: string;
  output: string;
  /** "pass", "fail" or "skip"; empty while it runs. */
  end: string;
}

interface Package extends Unit {
  tests: Map<string, Unit>;
}

/** How many lines of a failed test's output are printed: the first ones, and the last ones if there are more. */
const firstLines = 30;
const lastLines = 10;

/**
 * Counts tests and subtests. A package that fails without a failed test (it does not compile, or ends early) counts as
 * one failure. In a run that was cut off, such a package and the tests that were running count as not finished.
 */
export const goResults = (json: string, isCutOff = false): GoResults => {
  const { packages, builds } = read(json);
  const through = new Set<string>();
  const notRun: NotRun[] = [];
  const trouble = [...builds];
  let passed = 0;
  let failed = 0;
  for (const one of packages) {
    const tests = [...one.tests.values()];
    const failing = tests.filter(({ end }) => end === "fail");
    const running = tests.filter(({ end }) => end === "");
    const isInterrupted = isCutOff && one.end === "fail" && (failing.length === 0 || running.length > 0);
    if (one.end && !isInterrupted) through.add(one.name);
    const where = one.name.replace(/^.*\/native\//, "");
    failed += failing.length;
    trouble.push(...failing.filter(saysMore(failing)).map((test) => `failed: ${where} ${test.name}\n${excerpt(test)}`));
    if (!through.has(one.name)) continue;
    passed += tests.filter(({ end }) => end === "pass").length;
    for (const test of tests.filter(({ end }) => end === "skip")) {
      notRun.push({ name: `${where} ${test.name}`, needs: reason(test.output) });
    }
    if (one.end === "fail" && failing.length === 0) {
      failed++;
      const unfinished = running.map((test) => `did not finish: ${where} ${test.name}\n${excerpt(test)}`);
      trouble.push([`failed: ${where}`, ...unfinished, excerpt(one)].filter(Boolean).join("\n"));
    }
  }
  return { passed, failed, notRun, trouble: trouble.join("\n"), through };
};

/** Reads the events up to where the output was cut off. */
const read = (json: string): { packages: Package[]; builds: string[] } => {
  const packages = new Map<string, Package>();
  const builds = new Map<string, string>();
  for (const line of json.split("\n")) {
    const event = parse(line);
    if (!event) continue;
    if (event.Action === "build-output") {
      const path = event.ImportPath ?? "";
      builds.set(path, (builds.get(path) ?? "") + (event.Output ?? ""));
    }
    if (!event.Package) continue;
    const one = packages.get(event.Package) ?? { name: event.Package, output: "", end: "", tests: new Map() };
    packages.set(event.Package, one);
    const test = event.Test ? (one.tests.get(event.Test) ?? { name: event.Test, output: "", end: "" }) : one;
    if (event.Test) one.tests.set(event.Test, test);
    test.output += event.Output ?? "";
    if (["pass", "fail", "skip"].includes(event.Action)) test.end = event.Action;
  }
  return { packages: [...packages.values()], builds: [...builds.values()].map((text) => text.trimEnd()) };
};

const parse = (line: string): Event | undefined => {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSON.parse(line) as Event;
  } catch {
    // The last line of a run that was cut off.
    return undefined;
  }
};

/** Lines without those that only say that a test starts, continues or fails. */
const linesOf = ({ output }: Unit): string[] =>
  output.split("\n").filter((line) => line && !/^(=== |\s*--- FAIL: |FAIL$|exit status )/.test(line));

/** False for a test that fails only because a subtest of it does. */
const saysMore =
  (failing: Unit[]) =>
  (test: Unit): boolean =>
    linesOf(test).length > 0 || !failing.some((other) => other.name.startsWith(`${test.name}/`));

const excerpt = (unit: Unit): string => {
  const lines = linesOf(unit);
  const left = lines.length - firstLines - lastLines;
  if (left <= 0) return lines.join("\n");
  return [...lines.slice(0, firstLines), `… ${left} more lines`, ...lines.slice(-lastLines)].join("\n");
};

/** Extracts "X" from `t.Skip("not run: needs X")`, also after a subject. */
const reason = (output: string): string =>
  /^\s+\S+\.go:\d+: (?:not run: )?(?:.*\bneeds? )?(.*)$/m.exec(output)?.[1] ?? "a reason it did not give";
