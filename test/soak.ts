import { parseArgs } from "node:util";
import { at } from "../build/lib/root.ts";
import { say } from "../build/lib/say.ts";
import { capture, tail } from "./run/command.ts";
import { fuzz } from "./run/fuzz.ts";
import { goSoak } from "./run/go.ts";
import { failed, type Outcome, passed, sum } from "./run/outcome.ts";
import { packages } from "./run/packages.ts";
import { choose, perform } from "./run/perform.ts";
import type { Stage } from "./run/stages.ts";
import { session } from "./soak/session.ts";
import { tokens } from "./soak/tokens.ts";

/** `npm run soak [-- STAGE…] [--minutes 10]`: what takes too long for `npm test`, in its long form. */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { minutes: { type: "string", default: "10" } },
});
const minutes = Number(values.minutes);

const leaks = async (): Promise<Outcome> => {
  const vitest = [process.execPath, at("node_modules/vitest/vitest.mjs"), "run", "-c", "test/vitest.e2e.config.ts"];
  const env = { ...process.env, SAG_SOAK: "1" };
  const ran = await capture("guard soak", [...vitest, "test/system/guard.test.ts"], { env });
  for (const [said] of ran.out.matchAll(/\d+ offered;.+/g)) console.log(said);
  return ran.code === 0 ? passed() : failed(tail(ran.all));
};

const stages: Stage[] = [
  // A session with a lease of 20 s, renewed by sag-tunnel alone.
  { name: "session", run: () => session(minutes).then(() => passed()) },
  // Two shells and a core that refresh one sign-in's token 100 times each, at once.
  { name: "tokens", run: () => tokens().then(() => passed()) },
  // 200 kills of the service, 1,000 connections, the journal cut at every byte.
  { name: "go", run: goSoak },
  // A million packets and names that must not leave by the LAN.
  { name: "guard", run: leaks },
  { name: "fuzz", run: () => fuzz(minutes * 60) },
];

const chosen = choose(stages, positionals) ?? [];
const outcomes: Outcome[] = [];
for (const stage of chosen.length > 0 ? [{ name: "packages", run: packages }, ...chosen] : [])
  outcomes.push(await perform(stage));
const total = sum(outcomes);
for (const test of total.notRun) say(`not run: ${test.name} needs ${test.needs}`);
if (total.failed > 0) process.exitCode = 1;
console.log(`${total.passed} passed, ${total.failed} failed`);
