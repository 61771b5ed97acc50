import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { findGo, goEnvironment } from "../../build/lib/go.ts";
import { at } from "../../build/lib/root.ts";
import { must } from "../harness/command.ts";
import { median } from "../harness/net/measure.ts";
import { uncapped } from "../harness/site.ts";
import { until } from "../harness/wait.ts";
import { Campus, host4 } from "../system/campus.ts";
import { cpuSeconds } from "./cost.ts";
import { type Measured, round, Samples } from "./measured.ts";

const rounds = 7;
/** Number of changes in a round, length of each span, and time not counted after each change, ms. */
interface Rhythm {
  turns: number;
  span: number;
  settling: number;
}
/** For maximum speed: rates vary from second to second, so it takes many short spans. */
const fast: Rhythm = { turns: 12, span: 500, settling: 200 };
const steady: Rhythm = { turns: 4, span: 2_000, settling: 500 };
/** Rate at which CPU time is measured, bit/s; slow enough for any host. */
const rate = "150M";
const cpu = "CpuSecondsPerGb";

/** Duration and traffic of a span. */
interface Spent {
  bytes: number;
  cpuSeconds: number;
  seconds: number;
}

/**
 * The cost of the kill switch: throughput of one TCP connection through the tunnel, and CPU time per gigabyte at the
 * client (its program and sag-tunnel, whose sends pass the kill switch), with and without. It is switched during one
 * connection, because both figures differ more between connections than the kill switch costs. CPU time is measured
 * at a fixed rate: at full speed it depends on the random size of batches. Ratios are medians over the rounds. Needs
 * root and iperf3; SCHED_BATCH (`chrt -b 0`) keeps the programs at the two ends from preempting each other, as on two
 * hosts.
 */
export const guard = async (short: boolean): Promise<Measured> => {
  const campus = new Campus();
  const program = at(".cache", "bench", "sag-tunnel.test");
  await must([await findGo(), "test", "-c", "-o", program, "./cmd/sag-tunnel"], {
    cwd: at("native"),
    env: goEnvironment({ CGO_ENABLED: "0" }),
    limit: 300_000,
  });
  try {
    await campus.start("routed", undefined, uncapped);
    await campus.site.sagctl(["dns", "set", "--server", host4, "--domain", "campus.example"]);
    await campus.service.stop();
    const environment = [
      `SAG_TEST_BE_SAG_TUNNEL=service ${campus.places.join(" ")}`,
      "SAG_TEST_BLIND_TO_KILL_SWITCH=1",
    ];
    await campus.startService(["env", ...environment, program]);
    await campus.anna.connect("--mode", "system");
    const samples = new Samples();
    const shortly = (rhythm: Rhythm): Rhythm => (short ? { ...rhythm, turns: 1 } : rhythm);
    await underLoad(campus, [], shortly(fast), ({ bytes, seconds }) => (bytes * 8) / 1e6 / seconds, "Mbps", samples);
    await underLoad(
      campus,
      ["-b", rate],
      shortly(steady),
      ({ bytes, cpuSeconds }) => cpuSeconds / (bytes / 1e9),
      cpu,
      samples,
    );
    const ratio = (name: string): number => round(median(samples.get(`ratio${name}`)));
    const figures = Object.entries(samples.medians()).filter(([name]) => !name.startsWith("ratio"));
    return {
      rounds,
      figures: Object.fromEntries(figures),
      ratios: { throughput: ratio("Mbps"), cpuPerGb: ratio(cpu) },
    };
  } finally {
    await campus.end();
  }
};

/** All rounds of one figure while iperf3 sends. */
const underLoad = async (
  campus: Campus,
  flags: string[],
  { turns, span, settling }: Rhythm,
  figureOf: (spent: Spent) => number,
  name: string,
  samples: Samples,
): Promise<void> => {
  const service = (campus.service.ready as { pid: number }).pid;
  const iperf3 = (machine: string, ...args: string[]) => {
    const [program = "", ...rest] = campus.machines.on(machine, ["iperf3", ...args, "--forceflush"]);
    return spawn(program, rest, { stdio: ["ignore", "pipe", "ignore"] });
  };
  const server = iperf3("hosts", "-s", "-1", "-B", host4);
  await once(server.stdout, "data");
  const client = iperf3("client", "-t", "3600", ...flags, "-c", host4);
  try {
    // iperf3 has started once it prints its first second.
    await once(client.stdout, "data");
    const before = sent(service);
    await until("bytes flow", () => sent(service) > before + 1e6);
    const pids = [service, client.pid ?? 0];
    for (let number = 0; number < rounds; number++) {
      const spent = { guarded: nothing(), unguarded: nothing() };
      // The order alternates between rounds and turns.
      const order = number % 2 === 0 ? [true, false, false, true] : [false, true, true, false];
      for (let turn = 0; turn < 2 * turns; turn++) {
        const guarded = order[turn % 4] ?? true;
        await set(campus, guarded);
        await delay(settling);
        await measure(pids, span, guarded ? spent.guarded : spent.unguarded);
      }
      const [withIt, without] = [figureOf(spent.guarded), figureOf(spent.unguarded)];
      samples.add(`guarded${name}`, withIt);
      samples.add(`unguarded${name}`, without);
      samples.add(`ratio${name}`, withIt / without);
    }
  } finally {
    client.kill();
    server.kill();
    await Promise.all([client, server].map((one) => one.exitCode === null && once(one, "exit")));
  }
};

const nothing = (): Spent => ({ bytes: 0, cpuSeconds: 0, seconds: 0 });

/** Enables the kill switch's table, or makes it dormant, so that the kernel skips its rules. */
const set = async (campus: Campus, guarded: boolean): Promise<void> => {
  const flags = guarded ? "" : " { flags dormant; }";
  await must(campus.machines.on("client", ["nft", `add table inet sag-tunnel${flags}`]));
  const listed = await campus.machines.run("client", "nft -t list table inet sag-tunnel");
  if (listed.includes("dormant") === guarded) throw new Error(`guarded: ${guarded}, but there is ${listed}`);
};

const measure = async (pids: number[], span: number, spent: Spent): Promise<void> => {
  const look = () => ({ bytes: sent(pids[0] ?? 0), cpu: cpuSeconds(pids), at: performance.now() });
  const before = look();
  await delay(span);
  const after = look();
  spent.bytes += after.bytes - before.bytes;
  spent.cpuSeconds += after.cpu - before.cpu;
  spent.seconds += (after.at - before.at) / 1_000;
};

/** Bytes sent to the tunnel's link, in the network namespace of a process. */
const sent = (pid: number): number => {
  const line = readFileSync(`/proc/${pid}/net/dev`, "utf8")
    .split("\n")
    .find((text) => text.trim().startsWith("sag0:"));
  return Number(line?.split(":")[1]?.trim().split(/\s+/)[8] ?? Number.NaN);
};
