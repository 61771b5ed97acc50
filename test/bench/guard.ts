import { readFileSync } from "node:fs";
import { findGo, goEnvironment } from "../../build/lib/go.ts";
import { at } from "../../build/lib/root.ts";
import { must } from "../harness/command.ts";
import { Campus, host4 } from "../system/campus.ts";
import { type Measured, round, Samples } from "./measured.ts";

const rounds = 7;
/** s of each measurement. */
const seconds = 4;
const shortSeconds = 1;
/** Of `times` in /proc/PID/stat, in a second. */
const ticks = 100;

interface Report {
  end: { sum_received: { bits_per_second: number; bytes: number }; cpu_utilization_percent: { host_total: number } };
}

/**
 * What the guard costs: throughput of one TCP connection through the whole tunnel, and processor time per gigabyte at the client
 * (its program and sag-tunnel, whose packets pass the guard in their own time), with and without, by turns. Needs root and iperf3.
 */
export const guard = async (short: boolean): Promise<Measured> => {
  const campus = new Campus();
  // sag-tunnel as its tests have it: there is no switch for this in the real one.
  const program = at(".cache", "bench", "sag-tunnel.test");
  const build = ["test", "-c", "-o", program, "./cmd/sag-tunnel"];
  await must([await findGo(), ...build], {
    cwd: at("native"),
    env: goEnvironment({ CGO_ENABLED: "0" }),
    limit: 300_000,
  });
  try {
    await campus.start("routed");
    await campus.site.sagctl(["dns", "set", "--server", host4, "--domain", "campus.example"]);
    await campus.service.stop();
    await must(campus.machines.on("hosts", ["iperf3", "-s", "-D", "-B", host4]));
    const samples = new Samples();
    for (let turn = 0; turn < rounds; turn++) {
      // Which one comes first changes from turn to turn.
      for (const guarded of turn % 2 === 0 ? [true, false] : [false, true]) {
        await measure(campus, program, guarded, short ? shortSeconds : seconds, samples);
      }
    }
    const figures = samples.medians();
    const ratio = (name: string): number =>
      round((figures[`guarded${name}`] ?? Number.NaN) / (figures[`unguarded${name}`] ?? Number.NaN));
    return { rounds, figures, ratios: { throughput: ratio("Mbps"), cpuPerGb: ratio("CpuSecondsPerGb") } };
  } finally {
    await must(
      campus.machines.on("hosts", [
        "sh",
        "-c",
        "kill $(ip netns pids $(ip netns identify) | xargs ps -o pid=,comm= -p | awk '/iperf3/ {print $1}')",
      ]),
    ).catch(() => {});
    await campus.end();
  }
};

const measure = async (
  campus: Campus,
  program: string,
  guarded: boolean,
  time: number,
  samples: Samples,
): Promise<void> => {
  const environment = [
    `SAG_TEST_BE_SAG_TUNNEL=service ${campus.places.join(" ")}`,
    ...(guarded ? [] : ["SAG_TEST_UNGUARDED=1"]),
  ];
  await campus.startService(["env", ...environment, program]);
  await campus.anna.connect("--mode", "system");
  const rules = await campus.machines.run("client", "nft list tables");
  if (rules.includes("sag-tunnel") !== guarded) throw new Error(`guarded: ${guarded}, but there is "${rules}"`);
  const pid = (campus.service.ready as { pid: number }).pid;
  const before = cpuSeconds(pid);
  const { end }: Report = JSON.parse(
    await must(campus.machines.on("client", ["iperf3", "-c", host4, "-t", `${time}`, "-J"])),
  );
  const own = (end.cpu_utilization_percent.host_total / 100) * time;
  const name = guarded ? "guarded" : "unguarded";
  samples.add(`${name}Mbps`, end.sum_received.bits_per_second / 1e6);
  samples.add(`${name}CpuSecondsPerGb`, (cpuSeconds(pid) - before + own) / (end.sum_received.bytes / 1e9));
  await campus.anna.disconnect();
  await campus.service.stop();
};

const cpuSeconds = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / ticks;
};
