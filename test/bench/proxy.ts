import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { findGo, goEnvironment } from "../../build/lib/go.ts";
import { at } from "../../build/lib/root.ts";
import { must } from "../harness/command.ts";
import { median } from "../harness/net/measure.ts";
import { uncapped } from "../harness/site.ts";
import { stockWireguard } from "../harness/stock.ts";
import { wireproxy } from "../harness/wireproxy.ts";
import { Campus, host4, type Mode } from "../system/campus.ts";
import { cpuSeconds, forgetPeak, peakMemory } from "./cost.ts";
import { type Measured, round, Samples } from "./measured.ts";
import { Stock } from "./tunnels.ts";

const rounds = 7;
const port = 8_081;
/** Bytes of a transfer. */
const size = { long: 400e6, short: 40e6 };
/** New connections whose median a round takes. */
const connections = 40;

/** One proxy: where it listens on the client's machine, and its process. */
export interface Proxied {
  name: string;
  pid: number;
  socks: string;
  on: (args: string[]) => string[];
}

export const directions = ["up", "down"] as const;

/**
 * Proxy mode beside wireproxy 1.0.9, both before an access point in the kernel's routed mode (wireproxy's is stock wireguard-go), each end
 * on a machine of its own: one TCP connection through SOCKS up and down, and how long a new connection takes to its first byte.
 * Alternated rounds; ratios are the medians of the rounds' own. `against` is a folder with programs of another state. Needs root and
 * curl.
 */
export const proxy = async (short: boolean, against?: string): Promise<Measured> => {
  const programs = at(".cache", "bench", "native");
  mkdirSync(programs, { recursive: true });
  await must([await findGo(), "build", "-trimpath", "-o", `${programs}/`, "./cmd/..."], {
    cwd: at("native"),
    env: goEnvironment({ CGO_ENABLED: "0" }),
    limit: 300_000,
  });
  const campuses = [new Campus(programs), ...(against ? [new Campus(resolve(against))] : [])];
  const stock = new Stock();
  try {
    const proxies: Proxied[] = [];
    for (const [number, campus] of campuses.entries())
      proxies.push(await proxied(number === 0 ? "product" : "before", campus, "routed"));
    const [first] = campuses;
    if (!first) throw new Error("there is no campus");
    const theirs = await stock.startProxy(first, await stockWireguard(), await wireproxy(), 1420);
    proxies.push({ name: "wireproxy", ...theirs });
    const samples = new Samples();
    const count = short ? 1 : rounds;
    for (let number = 0; number < count; number++)
      for (const turn of proxies.keys()) {
        // Which one comes first changes from round to round.
        const one = proxies[(turn + number) % proxies.length];
        if (one) await measure(one, short ? size.short : size.long, samples);
      }
    return { rounds: count, figures: samples.medians(), ratios: ratios(samples, proxies) };
  } finally {
    stock.end();
    for (const campus of campuses) await campus.end();
  }
};

/** Connects in proxy mode, and starts what is fetched from and sent to. */
export const proxied = async (name: string, campus: Campus, mode: Mode): Promise<Proxied> => {
  await campus.start(mode, undefined, uncapped);
  await campus.site.sagctl(["dns", "set", "--server", host4, "--domain", "campus.example"]);
  await campus.processes.start({
    name: "sink",
    command: campus.machines.on("hosts", [at("node_modules/.bin/node"), at("test/bench/sink.ts"), host4, `${port}`]),
  });
  const { pid, socks } = await campus.anna.connect("--mode", "proxy");
  return { name, pid: pid ?? 0, socks: socks ?? "", on: (args) => campus.machines.on("client", args) };
};

const measure = async (proxy: Proxied, bytes: number, samples: Samples): Promise<void> => {
  for (const load of directions) {
    forgetPeak(proxy.pid);
    const before = cpuSeconds([proxy.pid]);
    const seconds = await transfer(proxy, load, bytes);
    samples.add(`${proxy.name} ${load} Mbps`, (bytes * 8) / 1e6 / seconds);
    samples.add(`${proxy.name} ${load} CpuSecondsPerGb`, (cpuSeconds([proxy.pid]) - before) / (bytes / 1e9));
    samples.add(`${proxy.name} ${load} PeakMB`, peakMemory(proxy.pid));
  }
  const times: number[] = [];
  for (let n = 0; n < connections; n++) times.push((await transfer(proxy, "down", 1)) * 1_000);
  samples.add(`${proxy.name} newConnectionMs`, median(times));
};

/** How long a transfer takes from the request to the end, s. */
export const transfer = async (proxy: Proxied, load: (typeof directions)[number], bytes: number): Promise<number> => {
  const url = `http://${host4}:${port}/${load === "down" ? bytes : ""}`;
  const curl = [
    "curl",
    "-sS",
    "--fail",
    "--socks5",
    proxy.socks,
    "-o",
    "/dev/null",
    "-w",
    "%{time_total} %{http_code}",
  ];
  const upload = ["sh", "-c", `head -c ${bytes} /dev/zero | "$@" -H Expect: -T - ${url}`, "sh", ...curl];
  const printed = await must(proxy.on(load === "down" ? [...curl, url] : upload), { limit: 120_000 });
  const [seconds = "", code] = printed.split(" ");
  if (code !== "200") throw new Error(`${proxy.name} ${load}: curl printed ${printed}`);
  return Number(seconds);
};

/** Each program's figures to wireproxy's of the same round, and the product's to those before. */
const ratios = (samples: Samples, proxies: Proxied[]): Record<string, number> => {
  const found: Record<string, number> = {};
  const names = proxies.map(({ name }) => name);
  for (const [own, other] of names.flatMap((a, i) => names.slice(i + 1).map((b) => [a, b] as const)))
    for (const figure of [
      ...directions.flatMap((load) => ["Mbps", "CpuSecondsPerGb", "PeakMB"].map((what) => `${load} ${what}`)),
      "newConnectionMs",
    ]) {
      const theirs = samples.get(`${other} ${figure}`);
      const quotients = samples.get(`${own} ${figure}`).map((value, i) => value / (theirs[i] ?? Number.NaN));
      found[`${own}/${other} ${figure}`] = round(median(quotients));
    }
  return found;
};
