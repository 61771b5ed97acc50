import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import { must, command as run } from "../harness/command.ts";
import { uncapped } from "../harness/site.ts";
import { until } from "../harness/wait.ts";
import { type Campus, host4 } from "../system/campus.ts";

/** A tunnel between a client and the host behind an access point, and the programs at its two ends. */
export interface Tunnel {
  name: string;
  client: number;
  accessPoint: number;
  /** Wraps a command so that it runs on the client's machine. */
  on: (args: string[]) => string[];
  /** Payload of a full TCP segment in a packet, bytes. */
  segment: number;
}

/** IPv4 header, TCP header, timestamps, bytes. */
const headers = 20 + 20 + 12;

/** MTU of the client's link after the search, which takes less than two seconds; programs without a search stay at 1280. */
const settledMtu = async (campus: Campus): Promise<number> => {
  for (let tries = 0; ; tries++) {
    const [link] = JSON.parse(await campus.machines.run("client", "ip -j link show sag0"));
    if (link.mtu > 1280 || tries === 20) return link.mtu;
    await setTimeout(100);
  }
};

/** The real client in system mode, connected to an access point in routed mode. */
export const connected = async (name: string, campus: Campus): Promise<Tunnel> => {
  await campus.start("routed", undefined, uncapped);
  await campus.site.sagctl(["dns", "set", "--server", host4, "--domain", "campus.example"]);
  await campus.anna.connect("--mode", "system");
  const { inUse } = await campus.active();
  return {
    name,
    client: (campus.service.ready as { pid: number }).pid,
    accessPoint: inUse.ready.pid,
    on: (args) => campus.machines.on("client", args),
    segment: (await settledMtu(campus)) - headers,
  };
};

const ends = {
  client: { machine: "stock", link: "bench-client", address: "10.79.0.1", routed: "10.55.0.0/16" },
  accessPoint: { machine: "stockap", link: "bench-ap", address: "10.79.0.2", routed: "" },
};

/** Where the access point's end listens. */
const endpoint = "192.0.2.13:51820";

/** Stock wireguard-go between two further machines, on the same network and with the same host. */
export class Stock {
  readonly #children = new Set<ReturnType<typeof spawn>>();

  async start(campus: Campus, program: string, mtu: number): Promise<Tunnel> {
    await this.#wire(campus);
    const [client, accessPoint] = [keys(), keys()];
    const [clientPid, accessPointPid] = [
      await this.#end(campus, program, ends.client, mtu, [
        `private_key=${client.secret}`,
        `public_key=${accessPoint.public}`,
        `endpoint=${endpoint}`,
        "allowed_ip=0.0.0.0/0",
      ]),
      await this.#accessPoint(campus, program, mtu, accessPoint.secret, client.public),
    ];
    const on = (args: string[]) => campus.machines.on("stock", args);
    await must(on(["ping", "-q", "-c", "1", "-w", "10", host4]));
    return { name: `stock ${mtu}`, client: clientPid, accessPoint: accessPointPid, on, segment: mtu - headers };
  }

  /** wireproxy in place of the client's end: a SOCKS proxy over a network stack in its process. */
  async startProxy(
    campus: Campus,
    program: string,
    wireproxy: string,
    mtu: number,
  ): Promise<{ pid: number; socks: string; on: Tunnel["on"] }> {
    await this.#wire(campus);
    const [client, accessPoint] = [keys(), keys()];
    await this.#accessPoint(campus, program, mtu, accessPoint.secret, client.public);
    const file = join(campus.workspace.dir, "wireproxy.conf");
    const socks = "127.0.0.1:1080";
    const base64 = (hex: string): string => Buffer.from(hex, "hex").toString("base64");
    writeFileSync(
      file,
      [
        ...[
          "[Interface]",
          `Address = ${ends.client.address}/32`,
          `PrivateKey = ${base64(client.secret)}`,
          `MTU = ${mtu}`,
        ],
        ...["[Peer]", `PublicKey = ${base64(accessPoint.public)}`, `Endpoint = ${endpoint}`, "AllowedIPs = 0.0.0.0/0"],
        ...["[Socks5]", `BindAddress = ${socks}`, ""],
      ].join("\n"),
      { mode: 0o600 },
    );
    const on = (args: string[]) => campus.machines.on("stock", args);
    const [command = "", ...args] = on([wireproxy, "-c", file]);
    const child = spawn(command, args, { stdio: "ignore" });
    this.#children.add(child);
    const get = on(["curl", "-s", "--max-time", "1", "--socks5", socks, `http://${host4}/`]);
    await until("wireproxy", async () => (await run(get)).code === 0);
    return { pid: child.pid ?? 0, socks, on };
  }

  async #wire({ machines }: Campus): Promise<void> {
    for (const { machine } of Object.values(ends)) await machines.add(machine);
    await machines.plug("stock", "home", "router", "living");
    await machines.plug("stockap", "out", "router", "internet");
    await machines.plug("stockap", "in", "hosts", "lan");
    await machines.run("stock", "ip addr add 192.168.77.3/24 dev home", "ip route add default via 192.168.77.1");
    await machines.run(
      "stockap",
      "ip addr add 192.0.2.13/24 dev out",
      "ip route add default via 192.0.2.1",
      "ip addr add 10.55.0.13/16 dev in",
      "sysctl -qw net.ipv4.ip_forward=1",
    );
    await machines.run("hosts", "ip route add 10.79.0.0/24 via 10.55.0.13");
  }

  #accessPoint(campus: Campus, program: string, mtu: number, secret: string, peer: string): Promise<number> {
    return this.#end(campus, program, ends.accessPoint, mtu, [
      `private_key=${secret}`,
      `listen_port=${endpoint.split(":")[1]}`,
      `public_key=${peer}`,
      `allowed_ip=${ends.client.address}/32`,
    ]);
  }

  async #end(
    campus: Campus,
    program: string,
    { machine, link, address, routed }: (typeof ends)["client"],
    mtu: number,
    settings: string[],
  ): Promise<number> {
    const socket = `/var/run/wireguard/${link}.sock`;
    rmSync(socket, { force: true });
    const [command = "", ...args] = campus.machines.on(machine, [program, "-f", link]);
    const child = spawn(command, args, { stdio: "ignore" });
    this.#children.add(child);
    await until("wireguard-go's socket", () => existsSync(socket));
    const answer = connect(socket);
    answer.end(`set=1\n${settings.join("\n")}\n\n`);
    const reply = await text(answer);
    if (!reply.startsWith("errno=0\n")) throw new Error(`wireguard-go answered ${reply}`);
    await campus.machines.run(
      machine,
      `ip addr add ${address}/24 dev ${link}`,
      `ip link set ${link} mtu ${mtu} up`,
      ...(routed ? [`ip route add ${routed} dev ${link}`] : []),
    );
    return child.pid ?? 0;
  }

  end(): void {
    for (const child of this.#children) child.kill();
  }
}

/** Raw keys in hexadecimal, as wireguard-go's UAPI takes them. */
const keys = (): { secret: string; public: string } => {
  const pair = generateKeyPairSync("x25519");
  const raw = (der: Buffer): string => der.subarray(-32).toString("hex");
  return {
    secret: raw(pair.privateKey.export({ type: "pkcs8", format: "der" })),
    public: raw(pair.publicKey.export({ type: "spki", format: "der" })),
  };
};
