import { parseArgs } from "node:util";
import { at } from "../build/lib/root.ts";
import { say } from "../build/lib/say.ts";
import { capture, command, tail } from "./run/command.ts";
import { fuzz } from "./run/fuzz.ts";
import { goSoak } from "./run/go.ts";
import { failed, type Outcome, passed, sum } from "./run/outcome.ts";
import { packages } from "./run/packages.ts";
import { choose, perform } from "./run/perform.ts";
import type { Stage } from "./run/stages.ts";
import { install } from "./soak/install.ts";
import { roots } from "./soak/roots.ts";
import { session } from "./soak/session.ts";
import { tokens } from "./soak/tokens.ts";

/** `npm run soak [-- STAGE…] [--minutes 10]`: the long forms of tests that take too long for `npm test`. */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { minutes: { type: "string", default: "10" } },
});
const minutes = Number(values.minutes);

/** Runs the long form of a system test; matching lines of its output are printed. */
const longForm = async (name: string, shown: RegExp): Promise<Outcome> => {
  const vitest = [process.execPath, at("node_modules/vitest/vitest.mjs"), "run", "-c", "test/vitest.e2e.config.ts"];
  const env = { ...process.env, SAG_SOAK: "1" };
  const ran = await capture(`${name} soak`, [...vitest, `test/system/${name}.test.ts`], { env });
  for (const [line] of ran.out.matchAll(shown)) console.log(line);
  return ran.code === 0 ? passed() : failed(tail(ran.all));
};

const clients = async (): Promise<Outcome> => {
  const vitest = [process.execPath, at("node_modules/vitest/vitest.mjs"), "run", "-c", "test/vitest.e2e.config.ts"];
  const env = { ...process.env, SAG_SOAK: "1" };
  return command("clients", [...vitest, "test/e2e/official-clients.test.ts"], { env });
};

const malformed = async (): Promise<Outcome> => {
  const vitest = [process.execPath, at("node_modules/vitest/vitest.mjs"), "run"];
  const env = { ...process.env, SAG_MALFORMED: "100000" };
  const ran = await capture("malformed", [...vitest, "cloud/malformed.test.ts"], { env });
  return ran.code === 0 ? passed() : failed(tail(ran.all));
};

const stages: Stage[] = [
  // The admin API's official clients including Java, for which Maven downloads 35 MB.
  { name: "clients", run: clients },
  // A session with a lease of 20 s, renewed by sag-tunnel alone.
  { name: "session", run: () => session(minutes).then(() => passed()) },
  // Two shells and a core that refresh the same sign-in 100 times each, concurrently.
  { name: "tokens", run: () => tokens().then(() => passed()) },
  // 200 kills of the service, 1,000 connections, the journal truncated at every byte.
  { name: "go", run: goSoak },
  // A million packets and DNS queries that must not leave by the LAN.
  { name: "kill-switch", run: () => longForm("kill-switch", /\d+ offered;.+/g) },
  // 100,000 connections through each kind of access point, closed in each way, 1, 16 and 64 at a time.
  { name: "connections", run: () => longForm("connections", /^.+ at once: .+/gm) },
  // Caps of 2 to 200 Mbit/s, one and eight streams, both directions, through each kind of access point.
  { name: "caps", run: () => longForm("capped", /^.+ of the cap, .+/gm) },
  // Caps of 2 to 200 Mbit/s, one and eight streams, both directions, through each kind of access point.
  { name: "caps", run: () => longForm("capped", /^.+ of the cap, .+/gm) },
  // 100,000 malformed requests to a sag-cloud, over TCP, HTTP/1.1 and HTTP/2.
  { name: "malformed", run: malformed },
  { name: "fuzz", run: () => fuzz(minutes * 60) },
  // The two commands of README with common npm versions.
  { name: "install", run: () => install().then(() => passed()) },
  // All commands of README on systems created by debootstrap, which needs root.
  { name: "roots", run: roots },
];

const chosen = choose(stages, positionals) ?? [];
const outcomes: Outcome[] = [];
for (const stage of chosen.length > 0 ? [{ name: "packages", run: packages }, ...chosen] : [])
  outcomes.push(await perform(stage));
const total = sum(outcomes);
for (const test of total.notRun) say(`not run: ${test.name} needs ${test.needs}`);
if (total.failed > 0) process.exitCode = 1;
console.log(`${total.passed} passed, ${total.failed} failed`);
