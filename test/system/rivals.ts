import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { must } from "../harness/command.ts";
import type { Running } from "../harness/processes.ts";
import { stockWireguard } from "../harness/stock.ts";
import { until } from "../harness/wait.ts";
import type { Campus } from "./campus.ts";

/** Another program that takes the client's traffic, or manages its links. */
export interface Rival {
  /** The link used for everything outside the intranet while it is up; null if it does not change that. */
  readonly takes: string | null;
  up(): Promise<void>;
  down(): Promise<void>;
}

const server = "192.0.2.30";

/** A VPN server in the Internet, with NAT for its clients. */
export const addVpnServer = async ({ machines }: Campus): Promise<void> => {
  await machines.add("vpn");
  await machines.plug("vpn", "out", "router", "internet");
  await machines.run("vpn", `ip addr add ${server}/24 dev out`, "ip route add default via 192.0.2.1");
  await machines.run("vpn", "sysctl -qw net.ipv4.ip_forward=1");
  const masquerade =
    'table ip nat { chain post { type nat hook postrouting priority 100; oifname "out" masquerade; }; }';
  await must(machines.on("vpn", ["nft", "-f", "-"]), { stdin: masquerade });
};

/** Runs a program of the rival until it is stopped. */
const run = (one: Campus, machine: string, name: string, args: string[]): Promise<Running<unknown>> =>
  one.processes.start({
    name,
    command: one.machines.on(machine, ["sh", "-c", `echo '{"ready":true}'; exec "$@" >&2`, "sh", ...args]),
  });

const file = (one: Campus, name: string, text: string): string => {
  const path = join(one.workspace.dir, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
};

/** A Docker-like bridge with a container, on addresses of the intranet. */
export const bridge = (one: Campus): Rival => ({
  takes: null,
  up: async () => {
    await one.machines.add("container");
    await one.machines.plug("container", "eth0", "client", "docker0");
    await one.machines.run("container", "ip addr add 10.55.0.2/24 dev eth0");
    await one.machines.run("client", "ip addr add 10.55.0.1/24 dev docker0");
  },
  down: async () => {
    await one.machines.run("client", "ip link del docker0", "ip link del eth0-container");
  },
});

/** wg-quick with 0.0.0.0/0, over a stock wireguard-go. */
export const wgQuick = (one: Campus): Rival => {
  // wireguard-go's control sockets of all namespaces are in one directory, so names have to be unique.
  const [near, far] = [`wgq${process.pid % 1e6}`, `wgs${process.pid % 1e6}`];
  const quick = (what: string) =>
    stockWireguard().then((program) =>
      must(one.machines.on("client", ["wg-quick", what, join(one.workspace.dir, `${near}.conf`)]), {
        env: { ...process.env, WG_QUICK_USERSPACE_IMPLEMENTATION: program },
      }),
    );
  let peer: Running<unknown>;
  return {
    takes: near,
    up: async () => {
      const keys = await Promise.all([must(["wg", "genkey"]), must(["wg", "genkey"])]);
      const [own, others] = keys.map((key) => key.trim());
      const publicOf = async (key = "") => (await must(["wg", "pubkey"], { stdin: key })).trim();
      peer = await run(one, "vpn", "wireguard", [await stockWireguard(), "-f", far]);
      await until("its socket", () => existsSync(`/var/run/wireguard/${far}.sock`));
      const allowed = ["peer", await publicOf(own), "allowed-ips", "10.200.0.2/32"];
      const listen = ["listen-port", "51820", "private-key", file(one, "wg.key", `${others}\n`)];
      await must(one.machines.on("vpn", ["wg", "set", far, ...listen, ...allowed]));
      await one.machines.run("vpn", `ip addr add 10.200.0.1/24 dev ${far}`, `ip link set ${far} up`);
      const config = [
        ...["[Interface]", `PrivateKey = ${own}`, "Address = 10.200.0.2/24", "[Peer]"],
        ...[`PublicKey = ${await publicOf(others)}`, "AllowedIPs = 0.0.0.0/0", `Endpoint = ${server}:51820`],
      ];
      file(one, `${near}.conf`, `${config.join("\n")}\n`);
      await quick("up");
    },
    down: async () => {
      await quick("down");
      await peer.stop();
    },
  };
};

/** OpenVPN with redirect-gateway def1. */
export const openVpn = (one: Campus): Rival => {
  const ends: Running<unknown>[] = [];
  return {
    takes: "ovpn0",
    up: async () => {
      const key = join(one.workspace.dir, "openvpn.key");
      await must(["openvpn", "--genkey", "secret", key]);
      const common = ["openvpn", "--dev-type", "tun", "--secret", key, "--cipher", "AES-256-CBC", "--auth", "SHA256"];
      const far = ["--dev", "ovpn1", "--ifconfig", "10.201.0.1", "10.201.0.2", "--local", server];
      const near = ["--dev", "ovpn0", "--ifconfig", "10.201.0.2", "10.201.0.1", "--remote", server, "--nobind"];
      ends.push(await run(one, "vpn", "openvpn-server", [...common, ...far]));
      ends.push(await run(one, "client", "openvpn", [...common, ...near, "--redirect-gateway", "def1"]));
      await until("it has the default route", async () =>
        (await one.machines.run("client", "ip route")).includes("128.0.0.0/1 via 10.201.0.1 dev ovpn0"),
      );
    },
    down: async () => {
      for (const end of ends.toReversed()) await end.stop();
    },
  };
};

export const networkd = "/lib/systemd/systemd-networkd";

/**
 * systemd-networkd manages the client's home network, and is restarted meanwhile: each time it removes unknown
 * settings of its links.
 */
export const networkManager = (one: Campus): Rival => {
  let daemon: Running<unknown>;
  const start = async (): Promise<void> => {
    const config = join(one.workspace.dir, "network");
    mkdirSync(config, { recursive: true, mode: 0o755 });
    const wanted = ["[Match]", "Name=home", "[Network]", "Address=192.168.77.2/24", "Gateway=192.168.77.1"];
    const more = ["LinkLocalAddressing=no", "IPv6AcceptRA=no"];
    writeFileSync(join(config, "10-home.network"), `${[...wanted, ...more].join("\n")}\n`, { mode: 0o644 });
    // Without udev: with a read-only /sys it uses links as they are. It has its own /run.
    const rooms = [
      "mount --make-rprivate /",
      "mount -o remount,bind,ro /sys",
      "mount -t tmpfs tmpfs /run",
      "mkdir -p /run/systemd/network /run/systemd/netif/links /run/systemd/netif/leases /run/systemd/netif/lldp",
      "chown -R systemd-network:systemd-network /run/systemd/netif",
      `cp ${config}/* /run/systemd/network/`,
      `SYSTEMD_LOG_LEVEL=debug exec ${networkd}`,
    ];
    daemon = await run(one, "client", "networkd", ["unshare", "-m", "sh", "-ec", rooms.join("\n")]);
  };
  const configured = (times: number) =>
    until(
      "it has configured the link",
      () => readFileSync(daemon.logFile, "utf8").split("-> configured").length > times,
    );
  return {
    takes: null,
    up: async () => {
      // It does not adopt existing addresses, so they are removed first.
      await one.machines.run("client", "ip addr flush dev home");
      await start();
      await configured(1);
      await daemon.stop();
      await start();
      await configured(2);
    },
    down: () => daemon.stop(),
  };
};
