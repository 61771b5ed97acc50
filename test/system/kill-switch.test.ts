import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, expect, it } from "vitest";
import { at } from "../../build/lib/root.ts";
import { needsProgram, needsRoot } from "../harness/needs.ts";
import { until } from "../harness/wait.ts";
import { Campus, host4, host6 } from "./campus.ts";
import { Capture, type Packet } from "./outside.ts";

/**
 * While a session is wanted, no packet to the intranet and no DNS query for its names leaves by the LAN, whatever
 * happens to access points, service, addresses and routes. `SAG_SOAK` makes it a million packets.
 */
const wanted = process.env.SAG_SOAK ? 1_000_000 : 10_000;
const domain = "campus.example";
const resolvers = ["192.0.2.53", "192.168.77.1"];
/** The gateway and resolver of a LAN that claims the intranet's prefix. */
const claimed = "10.55.200.1";
const intranet = "(dst net 10.55.0.0/16 or dst net fd55::/64 or dst net 10.78.0.0/24)";

let campus: Campus | undefined;
let capture: Capture | undefined;

afterEach(async ({ task }) => {
  if (task.result?.state === "fail") console.error(campus?.logs());
  await capture?.stop();
  await campus?.end();
  campus = undefined;
});

interface Offered {
  udp: number;
  tcp: number;
  names: number;
  others: number;
}

/** The programs on the client's host; `offers` waits until they have sent this many more. */
class Sender {
  #now: Offered = { udp: 0, tcp: 0, names: 0, others: 0 };

  static async start(one: Campus): Promise<Sender> {
    const sender = new Sender();
    const args = [domain, `${host4},${host6}`, [...resolvers, claimed].join(), "home"];
    await one.processes.start({
      name: "sender",
      command: one.machines.on("client", [at("node_modules/.bin/node"), at("test/system/sender.ts"), ...args]),
      onLine: (line) => {
        if (line.offered) sender.#now = line.offered as Offered;
      },
    });
    return sender;
  }

  get offered(): number {
    return this.#now.udp + this.#now.tcp + this.#now.names;
  }

  async offers(more: number): Promise<void> {
    const enough = this.offered + more;
    await until(`${more} packets are offered`, () => this.offered >= enough, 60_000 + more);
  }
}

/** When a kill switch table was created, ms since 1970, as reported by the kernel. */
const guards = (one: Campus): { at: number[]; stop: () => void } => {
  const [program = "", ...args] = one.machines.on("client", ["nft", "monitor", "new", "tables"]);
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "ignore"] });
  const at: number[] = [];
  createInterface({ input: child.stdout }).on("line", () => at.push(Date.now()));
  return { at, stop: () => child.kill() };
};

it("no packet to the intranet leaves by the LAN while a session is wanted", {
  timeout: 1_800_000,
}, async (context) => {
  needsRoot(context);
  needsProgram(context, "ip", "nft", "tcpdump", "ping");
  const one = new Campus();
  campus = one;
  await one.start("routed");
  const { machines, anna } = one;
  await one.site.sagctl(["dns", "set", "--server", host4, "--domain", domain]);
  const before = await machines.run("client", "nft -s list ruleset");
  // As in home routers: the LAN's addresses are not forwarded.
  await machines.run(
    "router",
    "nft add table ip nat",
    "nft add chain ip nat out { type nat hook postrouting priority 100; }",
    "nft add rule ip nat out oifname internet masquerade",
  );
  // The default route: without a kill switch, packets to the intranet go to the Internet.
  await machines.run("router", "ip route add 10.55.0.0/16 via 192.0.2.10", "ip addr add fd77::1/64 dev living nodad");
  await machines.run("client", "ip addr add fd77::2/64 dev home nodad", "ip -6 route add default via fd77::1");
  const file = join(one.workspace.dir, "living.pcap");
  capture = await Capture.start(file, (args) => machines.on("router", args), "living");
  const monitor = guards(one);
  const sender = await Sender.start(one);
  const spans: { from: number; to: number }[] = [];
  const connect = async (): Promise<void> => {
    const known = monitor.at.length;
    await anna.connect("--mode", "system");
    await until("the kill switch is reported", () => monitor.at.length > known);
    spans.push({ from: monitor.at[known] ?? 0, to: Number.POSITIVE_INFINITY });
  };
  const disconnect = async (): Promise<void> => {
    const span = spans.at(-1);
    if (span) span.to = Date.now();
    await anna.disconnect();
  };
  const phase = async (name: string): Promise<unknown> =>
    until(name, async () => (await anna.status()).phase === name, 30_000);
  const share = Math.ceil(wanted / 10);

  // While disconnected everything leaves, which proves that the capture works.
  await sender.offers(500);
  await connect();
  await sender.offers(share);

  // Kills the access point in use; then no access point answers for a while.
  await (await one.active()).inUse.kill();
  await sender.offers(share);
  await phase("connected");
  await machines.run(
    "router",
    "nft add table inet test",
    "nft add chain inet test f { type filter hook forward priority 0; policy drop; }",
  );
  await phase("reconnecting");
  await sender.offers(share);
  await machines.run("router", "nft delete table inet test");
  await phase("connected");

  // A new address on the link.
  await machines.run(
    "client",
    "ip addr add 192.168.77.9/24 dev home",
    "ip addr del 192.168.77.2/24 dev home",
    "ip addr add 192.168.77.3/24 dev home",
    "ip route replace default via 192.168.77.1",
  );
  await sender.offers(share);
  await phase("connected");

  // A DHCP server sends routes to the intranet's hosts (TunnelVision, CVE-2024-3661), and an interface manager
  // removes foreign rules, while the service is dead.
  await machines.run(
    "client",
    `ip route add ${host4}/32 via 192.168.77.1`,
    "ip route add 10.55.0.0/17 via 192.168.77.1",
    "ip -6 route add fd55::/65 via fd77::1",
  );
  await sender.offers(share);
  await one.service.kill();
  await machines.run("client", "ip rule del pref 5200", "ip -6 rule del pref 5200");
  await sender.offers(share);
  await one.startService();
  await phase("connected");
  await sender.offers(share);

  await disconnect();
  await sender.offers(200);
  await connect();
  await sender.offers(share);

  // The LAN claims the intranet's prefix (TunnelCrack LocalNet), including gateway and resolver, and has hosts with
  // the intranet's addresses.
  await machines.run(
    "router",
    "ip route del 10.55.0.0/16",
    `ip addr add ${claimed}/16 dev living`,
    `ip addr add ${host4}/16 dev living`,
    `ip addr add ${host6}/64 dev living nodad`,
    "ip addr add fd55::1/64 dev living nodad",
  );
  await machines.run(
    "client",
    "ip addr add 10.55.200.2/16 dev home",
    "ip addr add fd55::2/64 dev home nodad",
    `ip route replace default via ${claimed} dev home`,
  );
  await until("the overlap is reported", async () =>
    (await anna.status()).warnings.some(({ code }) => code === "lan_overlap"),
  );
  await sender.offers(share);
  await one.service.kill();
  await sender.offers(share);
  await one.startService();
  await phase("connected");
  const done = sender.offered;
  expect(done).toBeGreaterThan(wanted);
  await until("the intranet is reached", async () => (await anna.run(["ping", "-c1", "-W1", host4])).code === 0);

  // Counter-check: with the service dead, foreign routes and rules, and no kill switch, everything leaves.
  await one.service.kill();
  const last = spans.at(-1);
  if (last) last.to = Date.now();
  await machines.run("client", "nft delete table inet sag-tunnel", "ip rule del pref 5200", "ip -6 rule del pref 5200");
  await sender.offers(3_000);
  await capture.stop();
  monitor.stop();

  const held = (packet: Packet): boolean => spans.some(({ from, to }) => packet.at > from && packet.at < to);
  const others = `not dst host ${claimed}`;
  const addresses = await capture.packets(`${intranet} and ${others}`);
  const questions = (await capture.packets("dst port 53")).filter(({ text }) => text.toLowerCase().includes(domain));
  expect(addresses.filter(held)).toEqual([]);
  expect(questions.filter(held)).toEqual([]);
  // Traffic outside the intranet, and to the LAN's gateway, left all the time, so the capture worked.
  const asked = (await capture.packets("dst port 53"))
    .filter(({ text }) => text.includes("other.example"))
    .filter(held);
  const kept = asked.filter(({ text }) => text.includes(`> ${claimed}.53`));
  const unheld = {
    addresses: addresses.filter((p) => !held(p)).length,
    questions: questions.filter((p) => !held(p)).length,
  };
  console.log(
    `${done} offered; left: 0 packets, 0 names; ${asked.length} other names, ${kept.length} of them to the LAN's own resolver; unguarded: ${JSON.stringify(unheld)}`,
  );
  expect(asked.length).toBeGreaterThan(100);
  expect(kept.length).toBeGreaterThan(10);
  const unguarded = (packet: Packet): boolean => packet.at > (last?.to ?? 0);
  expect(addresses.filter(unguarded).length).toBeGreaterThan(100);
  expect(questions.filter(unguarded).length).toBeGreaterThan(100);

  await anna.run([
    at("bin/sag-tunnel"),
    "repair",
    "--run-dir",
    join(one.workspace.dir, "run"),
    "--state-dir",
    join(one.workspace.dir, "state"),
  ]);
  expect(await machines.run("client", "nft -s list ruleset")).toBe(before);
});
