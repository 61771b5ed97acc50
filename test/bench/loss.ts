import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { findGo, goEnvironment } from "../../build/lib/go.ts";
import { at } from "../../build/lib/root.ts";
import { must } from "../harness/command.ts";
import { median } from "../harness/net/measure.ts";
import { stockWireguard } from "../harness/stock.ts";
import { Campus, host4, type Mode } from "../system/campus.ts";
import { type Measured, round, Samples } from "./measured.ts";
import { directions, type Proxied, proxied, transfer } from "./proxy.ts";
import { Stock, type Tunnel } from "./tunnels.ts";

const rounds = 5;
/** Bytes of a transfer. */
const size = 10e6;
/** Packets lost out of a thousand, in each direction. */
const losses = [0, 10, 50];
const controls = ["cubic", "bbr"];
const modes: Mode[] = ["routed", "userspace"];

/**
 * What random loss does to TCP: the kernel's, through stock wireguard-go, and that of user space, in proxy mode before an access point in
 * routed and in user-space mode. The router between drops packets; the cables carry single packets, not batches, so that it drops single ones.
 * `against` is a folder with programs of another state, in place of these. Needs root, curl, iperf3 and nft.
 */
export const loss = async (short: boolean, against?: string): Promise<Measured> => {
  const programs = against ? resolve(against) : at(".cache", "bench", "native");
  mkdirSync(programs, { recursive: true });
  if (!against)
    await must([await findGo(), "build", "-trimpath", "-o", `${programs}/`, "./cmd/..."], {
      cwd: at("native"),
      env: goEnvironment({ CGO_ENABLED: "0" }),
      limit: 300_000,
    });
  const campuses = modes.map(() => new Campus(programs));
  const stock = new Stock();
  try {
    const proxies: Proxied[] = [];
    for (const [number, campus] of campuses.entries()) {
      const mode = modes[number] ?? "routed";
      proxies.push(await proxied(mode, campus, mode));
      await singly(campus, "client", "home");
      for (const ap of ["ap1", "ap2"]) await singly(campus, ap, "out");
    }
    const [first] = campuses;
    if (!first) throw new Error("there is no campus");
    const kernel = await stock.start(first, await stockWireguard(), 1280);
    await singly(first, "stock", "home");
    await singly(first, "stockap", "out");
    await first.processes.start({
      name: "iperf3",
      command: first.machines.on("hosts", ["sh", "-c", `echo '{"ready":true}'; exec iperf3 -s -B ${host4}`]),
    });
    const samples = new Samples();
    const count = short ? 1 : rounds;
    for (const perMille of losses) {
      for (const campus of campuses) await lose(campus, perMille);
      for (let number = 0; number < count; number++)
        for (const direction of directions) {
          for (const control of controls)
            samples.add(
              `${perMille / 10} % ${direction} kernel ${control} Mbps`,
              await iperf3(kernel, direction, control),
            );
          for (const proxy of proxies)
            samples.add(
              `${perMille / 10} % ${direction} ${proxy.name} Mbps`,
              (size * 8) / 1e6 / (await transfer(proxy, direction, size)),
            );
        }
    }
    const figures = samples.medians();
    const ratios: Record<string, number> = {};
    for (const perMille of losses)
      for (const direction of directions)
        for (const control of controls)
          for (const { name } of proxies) {
            const cell = `${perMille / 10} % ${direction}`;
            const theirs = samples.get(`${cell} kernel ${control} Mbps`);
            const own = samples.get(`${cell} ${name} Mbps`).map((value, i) => value / (theirs[i] ?? Number.NaN));
            ratios[`${cell} ${name}/${control}`] = round(median(own));
          }
    return { rounds: count, figures, ratios };
  } finally {
    stock.end();
    for (const campus of campuses) await campus.end();
  }
};

/** Has a cable's end send packet by packet: a dropped train of packets would be another loss than a path's. */
const singly = async ({ machines }: Campus, machine: string, link: string): Promise<unknown> =>
  await machines.run(machine, `ip link set dev ${link} gso_max_segs 1`);

/** Has the router lose so many of a thousand datagrams. */
const lose = async ({ machines }: Campus, perMille: number): Promise<void> => {
  const rules = [
    "table inet loss",
    "delete table inet loss",
    "table inet loss {",
    "chain forward { type filter hook forward priority 0;",
    `meta l4proto udp numgen random mod 1000 < ${perMille} drop`,
    "}",
    "}",
  ];
  // 0 packets is no rule: a number below 0 does not exist.
  await must(machines.on("router", ["nft", "-f", "-"]), {
    stdin: (perMille === 0 ? rules.slice(0, 2) : rules).join("\n"),
  });
};

/** Mbit/s of the kernel's TCP. */
const iperf3 = async (tunnel: Tunnel, direction: (typeof directions)[number], control: string): Promise<number> => {
  const flags = ["-J", "-C", control, "-n", `${size}`, ...(direction === "down" ? ["-R"] : [])];
  const { end } = JSON.parse(await must(tunnel.on(["iperf3", ...flags, "-c", host4]), { limit: 120_000 }));
  return end.sum_received.bits_per_second / 1e6;
};
