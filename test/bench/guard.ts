import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { findGo, goEnvironment } from "../../build/lib/go.ts";
import { at } from "../../build/lib/root.ts";
import { must } from "../harness/command.ts";
import { median } from "../harness/net/measure.ts";
import { until } from "../harness/wait.ts";
import { Campus, host4 } from "../system/campus.ts";
import { type Measured, round, Samples } from "./measured.ts";

const rounds = 7;
/** How often it goes off and on again in a round, for so many ms each; and what is not counted after each change, ms. */
const turns = { long: 2, short: 1 };
const span = 2_000;
const settling = 500;

/** What a span took and brought. */
interface Spent {
  bytes: number;
  cpuSeconds: number;
  seconds: number;
}

/**
 * What the guard costs: throughput of one TCP connection through the whole tunnel, and processor time per gigabyte at the client
 * (its program and sag-tunnel, whose packets pass the guard in their own time), with and without. It sleeps and wakes under one
 * and the same connection, two seconds each: from one connection to the next both figures differ by more than the guard costs. Ratios are the medians of the rounds' own. Needs root and iperf3.
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
    await campus.start("routed");
    await campus.site.sagctl(["dns", "set", "--server", host4, "--domain", "campus.example"]);
    await campus.service.stop();
    const environment = [`SAG_TEST_BE_SAG_TUNNEL=service ${campus.places.join(" ")}`, "SAG_TEST_BLIND_TO_GUARD=1"];
    await campus.startService(["env", ...environment, program]);
    await campus.anna.connect("--mode", "system");
    return await compare(campus, short ? turns.short : turns.long);
  } finally {
    await campus.end();
  }
};

const compare = async (campus: Campus, turns: number): Promise<Measured> => {
  const service = (campus.service.ready as { pid: number }).pid;
  const iperf3 = (machine: string, ...args: string[]) => {
    const [program = "", ...rest] = campus.machines.on(machine, ["iperf3", ...args, host4, "--forceflush"]);
    return spawn(program, rest, { stdio: ["ignore", "pipe", "inherit"] });
  };
  const server = iperf3("hosts", "-s", "-1", "-B");
  await once(server.stdout, "data");
  const client = iperf3("client", "-t", "3600", "-c");
  try {
    // It has begun once it tells of its first second.
    await once(client.stdout, "data");
    await until("bytes flow", () => sent(service) > 1e6);
    const samples = new Samples();
    const both = [service, client.pid ?? 0];
    for (let number = 0; number < rounds; number++) await one(campus, both, turns, number, samples);
    const ratio = (name: string): number => round(median(samples.get(name)));
    const { throughput: _, cpuPerGb: __, ...figures } = samples.medians();
    return { rounds, figures, ratios: { throughput: ratio("throughput"), cpuPerGb: ratio("cpuPerGb") } };
  } finally {
    client.kill();
    server.kill();
  }
};

/** One round: so many turns with and without. Which one comes first changes from round to round. */
const one = async (campus: Campus, pids: number[], turns: number, number: number, samples: Samples): Promise<void> => {
  const spent = { guarded: nothing(), unguarded: nothing() };
  const order = number % 2 === 0 ? [true, false, false, true] : [false, true, true, false];
  for (let turn = 0; turn < 2 * turns; turn++) {
    const guarded = order[turn % 4] ?? true;
    await set(campus, guarded);
    await measure(pids, guarded ? spent.guarded : spent.unguarded);
  }
  const [withIt, without] = [figuresOf(spent.guarded), figuresOf(spent.unguarded)];
  samples.add("guardedMbps", withIt.mbps);
  samples.add("unguardedMbps", without.mbps);
  samples.add("guardedCpuSecondsPerGb", withIt.cpuPerGb);
  samples.add("unguardedCpuSecondsPerGb", without.cpuPerGb);
  samples.add("throughput", withIt.mbps / without.mbps);
  samples.add("cpuPerGb", withIt.cpuPerGb / without.cpuPerGb);
};

const nothing = (): Spent => ({ bytes: 0, cpuSeconds: 0, seconds: 0 });

const figuresOf = ({ bytes, cpuSeconds, seconds }: Spent): { mbps: number; cpuPerGb: number } => ({
  mbps: (bytes * 8) / 1e6 / seconds,
  cpuPerGb: cpuSeconds / (bytes / 1e9),
});

/** Wakes the guard up or sends it to sleep, in which the kernel looks at none of its rules. */
const set = async (campus: Campus, guarded: boolean): Promise<void> => {
  const flags = guarded ? "" : " { flags dormant; }";
  await must(campus.machines.on("client", ["nft", `add table inet sag-tunnel${flags}`]));
  const listed = await campus.machines.run("client", "nft -t list table inet sag-tunnel");
  if (listed.includes("dormant") === guarded) throw new Error(`guarded: ${guarded}, but there is ${listed}`);
};

const measure = async (pids: number[], spent: Spent): Promise<void> => {
  const look = () => ({ bytes: sent(pids[0] ?? 0), cpu: cpuSeconds(pids), at: performance.now() });
  await delay(settling);
  const before = look();
  await delay(span);
  const after = look();
  spent.bytes += after.bytes - before.bytes;
  spent.cpuSeconds += after.cpu - before.cpu;
  spent.seconds += (after.at - before.at) / 1_000;
};

/** Bytes that have gone into the tunnel's link, in the network of a process. */
const sent = (pid: number): number => {
  const line = readFileSync(`/proc/${pid}/net/dev`, "utf8")
    .split("\n")
    .find((text) => text.trim().startsWith("sag0:"));
  return Number(line?.split(":")[1]?.trim().split(/\s+/)[8] ?? Number.NaN);
};

/** Processor time of all threads, which the scheduler counts in ns. */
const cpuSeconds = (pids: number[]): number => {
  let ns = 0;
  for (const pid of pids)
    for (const thread of readdirSync(`/proc/${pid}/task`))
      ns += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
  return ns / 1e9;
};
