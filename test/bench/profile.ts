import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { findGo, goEnvironment } from "../../build/lib/go.ts";
import { at } from "../../build/lib/root.ts";
import { command, must } from "../harness/command.ts";
import { median } from "../harness/net/measure.ts";
import { stockWireguard } from "../harness/stock.ts";
import { Campus, host4 } from "../system/campus.ts";
import { cpuSeconds, forgetPeak, peakMemory } from "./cost.ts";
import { type Measured, Samples, type Table } from "./measured.ts";
import { groupNames, record, type Shares, sharesOf } from "./perf.ts";
import { connected, Stock, type Tunnel } from "./tunnels.ts";

const rounds = 5;
/** How long iperf3 sends for each cell, s. */
const span = 2;

interface Load {
  name: string;
  flags: string[];
}
const loads: Load[] = [
  { name: "1 up", flags: ["-P", "1"] },
  { name: "1 down", flags: ["-P", "1", "-R"] },
  { name: "8 up", flags: ["-P", "8"] },
  { name: "8 down", flags: ["-P", "8", "-R"] },
];

const ends = ["client", "accessPoint"] as const;
type End = (typeof ends)[number];
const endNames: Record<End, string> = { client: "client", accessPoint: "access point" };

/** The figures of a cell: throughput, and the cost at each end. */
const figures = [
  "Mbit/s",
  ...ends.flatMap((end) => [`${endNames[end]} CPU s/GB`, `${endNames[end]} peak MB`]),
] as const;

/**
 * The cost of the real programs: client in system mode – access point in routed mode – host, each on its own machine,
 * compared with stock wireguard-go between the same machines, in alternating rounds with iperf3 and CUBIC. Another
 * round with perf shows where the CPU time goes. Needs root, iperf3 and perf.
 */
export const profile = async (short: boolean, against?: string): Promise<Measured> => {
  const folder = at(".cache", "bench");
  const programs = join(folder, "native");
  mkdirSync(programs, { recursive: true });
  await must([await findGo(), "build", "-trimpath", "-o", `${programs}/`, "./cmd/..."], {
    cwd: at("native"),
    env: goEnvironment({ CGO_ENABLED: "0" }),
    limit: 300_000,
  });
  const campuses = [new Campus(programs), ...(against ? [new Campus(resolve(against))] : [])];
  const stock = new Stock();
  try {
    const tunnels: Tunnel[] = [];
    for (const [number, campus] of campuses.entries())
      tunnels.push(await connected(number === 0 ? "product" : "before", campus));
    const [first] = campuses;
    if (!first) throw new Error("there is no campus");
    tunnels.push(await stock.start(first, await stockWireguard(), 1420));
    for (const campus of campuses)
      await campus.processes.start({
        name: "iperf3",
        command: campus.machines.on("hosts", ["sh", "-c", `echo '{"ready":true}'; exec iperf3 -s -B ${host4}`]),
      });
    const samples = new Samples();
    const seconds = short ? 1 : span;
    const count = short ? 1 : rounds;
    for (let number = 0; number < count; number++)
      for (const load of loads)
        for (const turn of tunnels.keys()) {
          // The order alternates between rounds.
          const tunnel = tunnels[(turn + number) % tunnels.length];
          if (tunnel) await measure(tunnel, load, seconds, samples);
        }
    const shares = new Map<string, Map<End, Shares>>();
    for (const load of loads)
      for (const tunnel of tunnels)
        shares.set(`${tunnel.name} ${load.name}`, await sampled(tunnel, load, seconds, folder));
    return {
      rounds: count,
      figures: {},
      ratios: {},
      tables: { ...ratiosToStock(samples, tunnels), ...costs(samples, tunnels, shares), ...hottest(tunnels, shares) },
    };
  } finally {
    stock.end();
    for (const campus of campuses) await campus.end();
  }
};

/** Sends or receives through a tunnel for so many seconds. */
const iperf3 = (tunnel: Tunnel, { flags }: Load, seconds: number): string[] =>
  tunnel.on(["iperf3", "-J", "-C", "cubic", "-t", `${seconds}`, ...flags, "-c", host4]);

const cell = (tunnel: Tunnel, load: Load, figure: string): string => `${tunnel.name} ${load.name} ${figure}`;

const measure = async (tunnel: Tunnel, load: Load, seconds: number, samples: Samples): Promise<void> => {
  for (const end of ends) forgetPeak(tunnel[end]);
  const before = ends.map((end) => cpuSeconds([tunnel[end]]));
  const { stdout } = await command(iperf3(tunnel, load, seconds));
  const { end, error } = JSON.parse(stdout);
  if (error) throw new Error(`iperf3 through ${tunnel.name}: ${error}`);
  const { bits_per_second: bits, bytes } = end.sum_received;
  samples.add(cell(tunnel, load, "Mbit/s"), bits / 1e6);
  for (const [number, side] of ends.entries()) {
    const took = cpuSeconds([tunnel[side]]) - (before[number] ?? 0);
    samples.add(cell(tunnel, load, `${endNames[side]} CPU s/GB`), took / (bytes / 1e9));
    samples.add(cell(tunnel, load, `${endNames[side]} peak MB`), peakMemory(tunnel[side]));
  }
};

/** Samples both ends under a load. */
const sampled = async (tunnel: Tunnel, load: Load, seconds: number, folder: string): Promise<Map<End, Shares>> => {
  const file = join(folder, `perf-${tunnel.name}-${load.name}.data`.replaceAll(" ", "-"));
  await record([tunnel.client, tunnel.accessPoint], file, iperf3(tunnel, load, seconds));
  const byProcess = await sharesOf(file);
  return new Map(ends.map((end) => [end, byProcess.get(tunnel[end]) ?? { groups: new Map(), functions: new Map() }]));
};

/** Each figure, and in brackets the median over the rounds of its ratio to stock in the same round. */
const ratiosToStock = (samples: Samples, tunnels: Tunnel[]): Record<string, Table> => {
  const stock = tunnels.at(-1);
  const table: Table = [["", "", ...loads.map(({ name }) => name)]];
  for (const figure of figures)
    for (const tunnel of tunnels) {
      const values = loads.map((load) => {
        const own = samples.get(cell(tunnel, load, figure));
        const theirs = stock ? samples.get(cell(stock, load, figure)) : [];
        const ratio = median(own.map((value, number) => value / (theirs[number] ?? Number.NaN)));
        return `${shown(median(own))} (${ratio.toFixed(2)})`;
      });
      table.push([figure, tunnel.name, ...values]);
    }
  return { "Medians, in brackets: to stock": table };
};

const shown = (value: number): string => (value < 10 ? value.toFixed(2) : `${Math.round(value)}`);

/** CPU time for a packet (a full TCP segment) by group, ns. */
const costs = (samples: Samples, tunnels: Tunnel[], shares: Map<string, Map<End, Shares>>): Record<string, Table> => {
  const tables: Record<string, Table> = {};
  for (const end of ends) {
    const columns = loads.flatMap((load) => tunnels.map((tunnel) => ({ load, tunnel })));
    const rows = columns.map(({ load, tunnel }) => {
      const perGb = median(samples.get(cell(tunnel, load, `${endNames[end]} CPU s/GB`)));
      const groups = shares.get(`${tunnel.name} ${load.name}`)?.get(end)?.groups;
      const ns = groupNames.map((name) => perGb * tunnel.segment * (groups?.get(name) ?? 0));
      return [
        load.name,
        tunnel.name,
        `${Math.round(perGb * tunnel.segment)}`,
        ...ns.map((value) => `${Math.round(value)}`),
      ];
    });
    const head = ["", "", "all", ...groupNames];
    tables[`CPU of the ${endNames[end]} for a packet, ns`] = transposed([head, ...rows]);
  }
  return tables;
};

const transposed = (table: Table): Table => (table[0] ?? []).map((_, column) => table.map((row) => row[column] ?? ""));

/** The functions with the largest shares over all loads. */
const hottest = (tunnels: Tunnel[], shares: Map<string, Map<End, Shares>>): Record<string, Table> => {
  const tables: Record<string, Table> = {};
  for (const end of ends)
    for (const tunnel of tunnels) {
      const sums = new Map<string, number>();
      for (const load of loads)
        for (const [name, share] of shares.get(`${tunnel.name} ${load.name}`)?.get(end)?.functions ?? [])
          sums.set(name, (sums.get(name) ?? 0) + share / loads.length);
      const most = [...sums].toSorted(([, a], [, b]) => b - a).slice(0, 12);
      tables[`Functions of the ${endNames[end]} with the most CPU time, ${tunnel.name}, %`] = most.map(
        ([name, share]) => [(share * 100).toFixed(1), name],
      );
    }
  return tables;
};
