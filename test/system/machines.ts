import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { command, must } from "../harness/command.ts";
import { within } from "../harness/wait.ts";

/** Several hosts with links between them, each a network namespace. Needs root. */
export class Machines {
  readonly #prefix = `sag-${process.pid}-${randomInt(0, 1 << 16)}`;
  readonly #names = new Set<string>();
  /** Processes that keep a host's private mounts, by its name. */
  readonly #keepers = new Map<string, ChildProcess>();

  /** Adds a host with only a loopback interface. */
  async add(name: string): Promise<void> {
    const full = `${this.#prefix}-${name}`;
    this.#names.add(full);
    mkdirSync(`/etc/netns/${full}`, { recursive: true });
    // `ip netns exec` mounts this over /etc/resolv.conf, so that no public name server is queried.
    writeFileSync(`/etc/netns/${full}/resolv.conf`, "nameserver 192.0.2.53\noptions timeout:1 attempts:1\n");
    await must(["ip", "netns", "add", full]);
    await this.run(name, "ip link set lo up");
  }

  /** Wraps a command so that it runs on a host. */
  on(name: string, args: string[]): string[] {
    const keeper = this.#keepers.get(name)?.pid;
    if (keeper) return ["nsenter", `--target=${keeper}`, "--mount", "--net", ...args];
    return ["ip", "netns", "exec", `${this.#prefix}-${name}`, ...args];
  }

  /**
   * Gives a host private /etc and /run directories. `setup` is a shell script that prepares them. At the end the
   * processes in /run/pids that still belong to the host are killed.
   */
  async furnish(name: string, setup = ":"): Promise<void> {
    const script = `set -e
      own=$(readlink /proc/self/ns/mnt)
      trap 'for pid in $(cat /run/pids 2> /dev/null); do
        [ "$(readlink "/proc/$pid/ns/mnt")" != "$own" ] || kill -KILL "$pid"; done' EXIT
      etc=$(mktemp -d)
      mount -t tmpfs tmpfs "$etc"
      cp -a /etc/. "$etc"
      mount --bind "$etc" /etc
      mount -t tmpfs tmpfs /run
      printf 'nameserver 192.0.2.53\noptions timeout:1 attempts:1\n' > /etc/resolv.conf.new
      mv /etc/resolv.conf.new /etc/resolv.conf
      ${setup}
      echo ready
      cat > /dev/null`;
    const unshare = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script];
    // Enters the namespace directly, because `ip netns exec` would mount its own /etc/resolv.conf.
    const keeper = spawn("nsenter", [`--net=/run/netns/${this.#prefix}-${name}`, ...unshare], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    await within("a machine's own files", 10_000, once(keeper.stdout, "data"));
    this.#keepers.set(name, keeper);
  }

  /** Runs commands on a host, which must succeed; returns their output. */
  async run(name: string, ...lines: string[]): Promise<string> {
    let printed = "";
    for (const line of lines) printed += await must(this.on(name, line.split(" ")));
    return printed;
  }

  /** Connects a new `link` of a host to a bridge of another, which is created if missing. */
  async plug(name: string, link: string, hub: string, bridge: string): Promise<void> {
    const port = `${link}-${name}`.slice(0, 15);
    const has = await command(this.on(hub, ["ip", "link", "show", bridge]));
    if (has.code !== 0) await this.run(hub, `ip link add ${bridge} type bridge`, `ip link set ${bridge} up`);
    await this.run(hub, `ip link add ${port} type veth peer name ${link} netns ${this.#prefix}-${name}`);
    await this.run(hub, `ip link set ${port} master ${bridge} up`);
    await this.run(name, `ip link set ${link} up`);
  }

  async remove(): Promise<void> {
    // It exits when its input is closed, and its mounts with it.
    for (const keeper of this.#keepers.values()) keeper.stdin?.end();
    this.#keepers.clear();
    for (const name of this.#names) {
      await command(["ip", "netns", "del", name]);
      rmSync(`/etc/netns/${name}`, { recursive: true, force: true });
    }
  }
}
