import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findGo, goEnvironment } from "../../build/lib/go.ts";
import { at } from "../../build/lib/root.ts";
import { command, must } from "../harness/command.ts";
import { median } from "../harness/net/measure.ts";
import { stockWireguard } from "../harness/stock.ts";
import { until } from "../harness/wait.ts";
import { cpuSeconds, peakMemory } from "./cost.ts";
import { type Measured, round, Samples } from "./measured.ts";

const rounds = 7;
/** How long iperf3 sends, s, after an uncounted warm-up. */
const seconds = 4;
const mtu = 1420;
const ports = { iperf: "5201", wireguard: "51820" };

/** The loads: one or eight TCP streams, up or down. */
const loads = {
  up: [],
  down: ["-R"],
  "8 up": ["-P", "8"],
  "8 down": ["-P", "8", "-R"],
};

/**
 * The engine alone: wireguard-go's own program in two network namespaces, stock and patched, the latter in-line, and
 * in-line on one processor. Ratios are to stock, medians over the rounds. Both ends and iperf3 share the host. Needs
 * root, wg and iperf3.
 */
export const engine = async (short: boolean): Promise<Measured> => {
  const changed = at(".cache", "bench", "wireguard-go");
  await must([await findGo(), "build", "-o", changed, "golang.zx2c4.com/wireguard"], {
    cwd: at("native"),
    env: goEnvironment({ CGO_ENABLED: "0" }),
    limit: 300_000,
  });
  const engines: Record<string, string[]> = {
    stock: [await stockWireguard()],
    inline: ["env", "SAG_ENGINE=inline", changed],
    inline1: ["env", "SAG_ENGINE=inline", "GOMAXPROCS=1", changed],
  };
  const samples = new Samples();
  const count = short ? 1 : rounds;
  for (let n = 0; n < count; n++)
    for (const [name, program] of Object.entries(engines)) await oneTunnel(name, program, samples);
  const ratios: Record<string, number> = {};
  for (const name of Object.keys(engines).filter((one) => one !== "stock"))
    for (const figure of ["Gbps", "CpuSecondsPerGb"])
      for (const load of Object.keys(loads)) {
        const stock = samples.get(`stock ${load} ${figure}`);
        const own = samples.get(`${name} ${load} ${figure}`).map((value, i) => value / (stock[i] ?? Number.NaN));
        ratios[`${name} ${load} ${figure}`] = round(median(own));
      }
  return { rounds: count, figures: samples.medians(), ratios };
};

/** Two ends with the same engine, under all loads. */
const oneTunnel = async (name: string, program: string[], samples: Samples): Promise<void> => {
  const id = `${randomInt(0, 1 << 14)}`;
  const dir = mkdtempSync(join(tmpdir(), "sag-bench-"));
  const started: ChildProcess[] = [];
  const end = (n: number) => ({ n, netns: `sagb${id}-${n}`, veth: `sagb${id}v${n}`, link: `sagb${id}w${n}` });
  const [a, b] = [end(1), end(2)];
  const ends = [a, b];
  const start = (netns: string, args: string[]): ChildProcess => {
    const child = spawn("ip", ["netns", "exec", netns, ...args], { stdio: "ignore" });
    started.push(child);
    return child;
  };
  const ip = (...args: string[]): Promise<string> => must(["ip", ...args]);
  try {
    for (const { netns } of ends) await ip("netns", "add", netns);
    await ip("link", "add", a.veth, "netns", a.netns, "type", "veth", "peer", "name", b.veth, "netns", b.netns);
    const keys: { key: string; publicKey: string }[] = [];
    for (const { n, netns, veth } of ends) {
      await ip("-n", netns, "addr", "add", `198.18.0.${n}/24`, "dev", veth);
      for (const link of ["lo", veth]) await ip("-n", netns, "link", "set", link, "up");
      const key = (await must(["wg", "genkey"])).trim();
      writeFileSync(join(dir, `${n}`), key, { mode: 0o600 });
      keys.push({ key, publicKey: (await must(["wg", "pubkey"], { stdin: key })).trim() });
    }
    const engines = ends.map(({ netns, link }) => start(netns, [...program, "-f", link]));
    for (const { n, netns, link } of ends) {
      await until("its socket", () => existsSync(`/var/run/wireguard/${link}.sock`));
      const other = 3 - n;
      const peer = ["peer", keys[other - 1]?.publicKey ?? "", "allowed-ips", `198.18.1.${other}/32`];
      const own = ["private-key", join(dir, `${n}`), "listen-port", ports.wireguard];
      const where = ["endpoint", `198.18.0.${other}:${ports.wireguard}`];
      await ip("netns", "exec", netns, "wg", "set", link, ...own, ...peer, ...where);
      await ip("-n", netns, "addr", "add", `198.18.1.${n}/24`, "dev", link);
      await ip("-n", netns, "link", "set", link, "mtu", `${mtu}`, "up");
    }
    start(b.netns, ["iperf3", "-s", "-p", ports.iperf]);
    const client = ["ip", "netns", "exec", a.netns, "iperf3", "-c", "198.18.1.2", "-p", ports.iperf, "-C", "cubic"];
    // iperf3's server is ready once a short run succeeds.
    await until("iperf3", async () => (await command([...client, "-n", "1"])).code === 0);
    const pids = engines.map((one) => one.pid ?? 0);
    for (const [load, flags] of Object.entries(loads)) {
      const before = cpuSeconds(pids);
      const text = await must([...client, "-t", `${seconds}`, "-O", "1", "-J", ...flags], { limit: 60_000 });
      const { end } = JSON.parse(text) as { end: { sum_received: { bits_per_second: number } } };
      const gbps = end.sum_received.bits_per_second / 1e9;
      const spent = (cpuSeconds(pids) - before) / pids.length;
      samples.add(`${name} ${load} Gbps`, gbps);
      samples.add(`${name} ${load} CpuSecondsPerGb`, spent / ((gbps / 8) * (seconds + 1)));
    }
    samples.add(`${name} peakMB`, Math.max(...pids.map(peakMemory)));
  } finally {
    for (const child of started) child.kill();
    await Promise.all(started.map((child) => child.exitCode === null && !child.signalCode && once(child, "exit")));
    for (const { netns } of ends) await command(["ip", "netns", "del", netns]);
    rmSync(dir, { recursive: true });
  }
};
