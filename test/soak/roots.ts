import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { must } from "../harness/command.ts";
import { createRoot, type Release, type Root } from "../harness/distribution-root.ts";
import { freePort } from "../harness/net/free-port.ts";
import { commandsWith } from "../harness/readme.ts";
import { Terminal } from "../harness/terminal.ts";
import { until } from "../harness/wait.ts";
import { failed, notRun, type Outcome, passed, sum } from "../run/outcome.ts";

const debian = {
  components: "main",
  sameMirror: ["bullseye", "bookworm", "trixie", "forky", "sid", "stable", "testing", "unstable"],
  script: "sid",
  hasDefaultMirror: true,
};
const ubuntu = {
  components: "main,universe",
  sameMirror: ["focal", "jammy", "noble", "oracular", "plucky", "questing", "resolute"],
  script: "gutsy",
  hasDefaultMirror: false,
};
const releases: Release[] = [
  { name: "Debian 12", suite: "bookworm", ...debian },
  { name: "Debian 13", suite: "trixie", ...debian },
  { name: "Ubuntu 24.04", suite: "noble", ...ubuntu },
];

/** Time limit of a pasted block, ms: the first one downloads Go and builds everything. */
const limit = 20 * 60_000;
const page = "Hello from the intranet.\r\n";

/**
 * Pastes README's commands at a terminal as an ordinary user of Debian 12, Debian 13 and Ubuntu 24.04, with the npm
 * and Node.js of that release. Needs root and debootstrap.
 */
export const roots = async (): Promise<Outcome> => {
  const outcomes: Outcome[] = [];
  for (const release of releases) {
    const name = `README on ${release.name}`;
    const missing = whatIsMissing();
    const start = performance.now();
    const root = missing ?? (await createRoot(release).catch((error: unknown) => failed(`${name}: ${error}`)));
    if (typeof root === "string") outcomes.push(notRun(name, root));
    else if ("failed" in root) outcomes.push(root);
    else {
      try {
        console.log(`${release.name}: installed, ${seconds(start)} s`);
        await pasteReadme(release.name, root);
        outcomes.push(passed());
      } catch (error) {
        outcomes.push(failed(`${name}: ${error}`));
      } finally {
        root.remove();
      }
    }
  }
  return sum(outcomes);
};

const seconds = (since: number): number => Math.round((performance.now() - since) / 1000);

const whatIsMissing = (): string | undefined => {
  if (process.getuid?.() !== 0) return "root";
  return ["debootstrap", "unshare", "script"].find((program) => spawnSync("which", [program]).status !== 0);
};

const pasteReadme = async (name: string, root: Root): Promise<void> => {
  const versions = await must(root.asOrdinaryUser(["sh", "-c", "npm --version; node --version; id -un"]));
  console.log(`${name}: npm, Node and user: ${versions.trim().split("\n").join(", ")}`);
  const terminal = new Terminal(root.asOrdinaryUser(["bash", "--norc", "--noprofile", "-i"]), process.env);
  let blocks = 0;
  /** Pastes lines at once; returns the output until all have finished. */
  const paste = async (what: string, lines: string[]): Promise<string> => {
    const start = performance.now();
    const from = terminal.screen.length;
    // Split by quotes, so that the echo of the typed command does not match.
    terminal.type(`${lines.join("\n")}\necho "block ${++blocks}"" ended with $?"\n`);
    const end = new RegExp(`block ${blocks} ended with (\\d+)`);
    const shown = (): string => terminal.screen.slice(from);
    const [, code] = await until(
      () => `${what}; shown was ${shown()}`,
      () => end.exec(shown()),
      limit,
    );
    console.log(`${name}: ${what}: ${code}, ${seconds(start)} s`);
    if (code !== "0") throw new Error(`${what} ended with ${code}:\n${shown().slice(-4000)}`);
    return shown();
  };
  const mustShow = (shown: string, text: string): void => {
    if (!shown.includes(text)) throw new Error(`"${text}" is not in what was shown:\n${shown.slice(-4000)}`);
  };
  try {
    await paste("npm ci && npm run trial", commandsWith("README.md", "npm run trial"));
    // Without the last line, a trial with --keep, which would not end.
    await paste("build", commandsWith("README.md", "npm run build:native").slice(0, -1));
    // Replaces the ports, and in the examples the link, the user and the page.
    const own: [string, string][] = [
      [":8443", `:${await freePort()}`],
      [":51820", `:${await freePort()}`],
      ["8080", `${await freePort()}`],
      ["'sag://enroll?…'", '"$(jq -r .link ~/sag-setup/setup.json)"'],
      // The system has no keychain, so it uses what README recommends.
      ["--user NAME", "--user first.user --store file"],
      ["http://HOST-OF-THE-INTRANET/", "http://10.77.0.80/"],
    ];
    const here = (line: string): string => own.reduce((text, [from, to]) => text.replaceAll(from, to), line);
    mustShow(
      await paste("a company and its first employee", commandsWith("README.md", "sag-cloud serve").map(here)),
      page,
    );
    await paste("disconnect", ["sag disconnect"]);
    // Types the password when asked for it, and pastes the rest afterwards.
    const [signIn = "", ...more] = commandsWith("README.md", "sag sign-in", "text").map(here);
    const { password } = JSON.parse(readFileSync(join(root.home, "sag-setup/setup.json"), "utf8")) as {
      password: string;
    };
    terminal.type(`${signIn}\n`);
    await terminal.shows("assword of first.user", 30_000);
    terminal.type(`${password}\n`);
    await terminal.shows("Signed in to", 30_000);
    mustShow(await paste("sign in, connect, curl, disconnect", more), page);
    terminal.type("exit\n");
    await terminal.ended();
  } finally {
    terminal.hangUp();
  }
};
