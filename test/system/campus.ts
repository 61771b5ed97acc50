import { join } from "node:path";
import { at } from "../../build/lib/root.ts";
import { must } from "../harness/command.ts";
import { Person } from "../harness/person.ts";
import { logsIn, Processes, type Running, tailOf } from "../harness/processes.ts";
import { type AccessPointReady, Site, userName } from "../harness/site.ts";
import { until } from "../harness/wait.ts";
import { createWorkspace, endProcessesOf, type Workspace } from "../harness/workspace.ts";
import { Machines } from "./machines.ts";

export const host4 = "10.55.0.80";
export const host6 = "fd55::80";
/** The clients' part of the intranet's LAN in routed mode. */
const clients = "10.78.0.0/24";

export type Mode = "routed" | "nat" | "userspace";

/**
 * A company with a LAN: hosts, two access points between LAN and Internet, a cloud instance in the Internet, and,
 * behind a router elsewhere, a client with the service.
 */
export class Campus {
  readonly machines = new Machines();
  readonly workspace: Workspace = createWorkspace("sys");
  readonly processes = new Processes(this.workspace.logs);
  readonly site = new Site(this.processes, this.workspace, "192.0.2.10");
  readonly accessPoints: Running<AccessPointReady>[] = [];
  /** The directory of the native programs. */
  readonly programs: string;
  service!: Running<unknown>;
  anna!: Person;
  link!: string;
  password!: string;

  constructor(programs = at("bin")) {
    this.programs = programs;
  }

  /** `furnish` prepares the hosts before our programs start on them; `bandwidth` is the account's limit, Kbit/s. */
  async start(mode: Mode, furnish?: (machines: Machines) => Promise<void>, bandwidth?: number): Promise<void> {
    const { machines } = this;
    await this.#wire();
    await furnish?.(machines);
    await this.site.startCloud(undefined, (args) => machines.on("cloud", args));
    const [token] = await Promise.all([
      this.site.createToken(2),
      this.site.sagctl(["instance", "create", "Campus", "--cidr", clients]),
      this.processes.start({
        name: "host",
        command: machines.on("hosts", [at("node_modules/.bin/node"), at("test/system/host.ts"), host4, host6]),
      }),
    ]);
    for (const route of ["10.55.0.0/16", "fd55::/64"]) await this.site.sagctl(["route", "add", route]);
    this.password = await this.site.createAccount(userName, bandwidth);
    this.link = await this.site.createLink();
    for (const number of [1, 2]) this.accessPoints.push(await this.#accessPoint(number, mode, token));
    await this.startService();
    this.anna = new Person({ ...this.workspace.home("anna"), SAG_SERVICE_DIR: this.run }, (args) =>
      machines.on("client", args),
    );
    await this.anna.signIn(this.link, userName, this.password);
  }

  /** The service's runtime directory. */
  get run(): string {
    return join(this.workspace.dir, "run");
  }

  /** The arguments with the service's directories. */
  get places(): string[] {
    return ["--run-dir", this.run, "--state-dir", join(this.workspace.dir, "state")];
  }

  async startService(program = [join(this.programs, "sag-tunnel"), "service", ...this.places]): Promise<void> {
    this.service = await this.processes.start({ name: "service", command: this.machines.on("client", program) });
  }

  /** Runs `sag repair` on the client. */
  async repair(): Promise<{ undone: string[] }> {
    const command = [at("bin/sag-tunnel"), "repair", "--json", ...this.places];
    return JSON.parse(await must(this.machines.on("client", command)));
  }

  async #wire(): Promise<void> {
    const { machines } = this;
    for (const name of ["router", "cloud", "client", "hosts", "ap1", "ap2"]) await machines.add(name);
    await machines.plug("cloud", "wan", "router", "internet");
    await machines.plug("client", "home", "router", "living");
    await machines.run(
      "router",
      "sysctl -qw net.ipv4.ip_forward=1",
      "ip addr add 192.0.2.1/24 dev internet",
      "ip addr add 192.168.77.1/24 dev living",
    );
    await machines.run("cloud", "ip addr add 192.0.2.10/24 dev wan", "ip route add default via 192.0.2.1");
    await machines.run("client", "ip addr add 192.168.77.2/24 dev home", "ip route add default via 192.168.77.1");
    for (const number of [1, 2]) {
      await machines.plug(`ap${number}`, "out", "router", "internet");
      await machines.plug(`ap${number}`, "in", "hosts", "lan");
      await machines.run(
        `ap${number}`,
        `ip addr add 192.0.2.1${number}/24 dev out`,
        "ip route add default via 192.0.2.1",
        `ip addr add 10.55.0.1${number}/16 dev in`,
        `ip -6 addr add fd55::1${number}/64 dev in nodad`,
      );
    }
    await machines.run(
      "hosts",
      `ip addr add ${host4}/16 dev lan`,
      `ip -6 addr add ${host6}/64 dev lan nodad`,
      `ip route add ${clients} dev lan`,
      // The cloud instance chooses the range of clients' IPv6 addresses at random.
      "ip -6 route add fd00::/8 dev lan",
    );
  }

  async #accessPoint(number: number, mode: Mode, token: string): Promise<Running<AccessPointReady>> {
    const { url, pin } = this.site.cloud.ready;
    const name = `ap${number}`;
    const command = [
      ...[join(this.programs, "sag-access-point"), "run", "--name", name, "--cloud", url, "--pin", pin, "--mode", mode],
      ...["--state", join(this.workspace.dir, name), "--listen", `192.0.2.1${number}:0`, "--token-stdin", "--json"],
    ];
    return await this.processes.start({ name, command: this.machines.on(name, command), stdin: `${token}\n` });
  }

  /** The access point that the client uses now, and the other one. */
  async active(): Promise<{ inUse: Running<AccessPointReady>; other: Running<AccessPointReady> }> {
    const { accessPoint } = await this.anna.status();
    const [inUse, other] = this.accessPoints.toSorted((one) => (one.ready.id === accessPoint?.id ? -1 : 1));
    if (!inUse || !other) throw new Error("there are no two access points");
    return { inUse, other };
  }

  /** All network settings of the client that system mode could change. */
  async network(): Promise<string> {
    // During duplicate address detection (RFC 4862 5.4) an address has no routes yet.
    await until("the end of duplicate address detection", async () => {
      const addresses = await must(this.machines.on("client", ["ip", "-6", "address", "show", "tentative"]));
      return addresses.trim() === "";
    });
    const asked = ["route show table all", "-6 route show table all", "rule", "-6 rule", "link", "address"];
    const all = await Promise.all(asked.map((what) => must(this.machines.on("client", ["ip", ...what.split(" ")]))));
    return all.join("\n");
  }

  logs(): string {
    return logsIn(this.workspace.logs)
      .map((file) => `${file}\n${tailOf(file)}`)
      .join("\n");
  }

  async end(): Promise<void> {
    await endProcessesOf(this.workspace.dir);
    await this.processes.stopAll();
    await endProcessesOf(this.workspace.dir);
    await this.machines.remove();
    this.workspace.remove();
  }
}
