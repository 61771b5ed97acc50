import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { command, must } from "../harness/command.ts";
import { within } from "../harness/wait.ts";

/** Several machines with their cables, each a network namespace. Needs root. */
export class Machines {
  readonly #prefix = `sag-${process.pid}-${randomInt(0, 1 << 16)}`;
  readonly #names = new Set<string>();
  /** Processes that keep a machine's own files, by its name. */
  readonly #keepers = new Map<string, ChildProcess>();

  /** Adds a machine with nothing but its loopback. */
  async add(name: string): Promise<void> {
    const full = `${this.#prefix}-${name}`;
    this.#names.add(full);
    mkdirSync(`/etc/netns/${full}`, { recursive: true });
    // `ip netns exec` puts this in place of /etc/resolv.conf: nothing here queries public name servers.
    writeFileSync(`/etc/netns/${full}/resolv.conf`, "nameserver 192.0.2.53\noptions timeout:1 attempts:1\n");
    await must(["ip", "netns", "add", full]);
    await this.run(name, "ip link set lo up");
  }

  /** The command that runs `args` on a machine. */
  on(name: string, args: string[]): string[] {
    const keeper = this.#keepers.get(name)?.pid;
    if (keeper) return ["nsenter", `--target=${keeper}`, "--mount", "--net", ...args];
    return ["ip", "netns", "exec", `${this.#prefix}-${name}`, ...args];
  }

  /**
   * Gives a machine files of its own in /etc and /run. `setup` is shell: what is done to them first. What stands in /run/pids
   * in the end and still is this machine's is killed.
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
    // Straight into its network: `ip netns exec` would mount /etc/resolv.conf on its own.
    const keeper = spawn("nsenter", [`--net=/run/netns/${this.#prefix}-${name}`, ...unshare], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    await within("a machine's own files", 10_000, once(keeper.stdout, "data"));
    this.#keepers.set(name, keeper);
  }

  /** Runs commands of the machine's, which must succeed; gives what they printed. */
  async run(name: string, ...lines: string[]): Promise<string> {
    let printed = "";
    for (const line of lines) printed += await must(this.on(name, line.split(" ")));
    return printed;
  }

  /** A cable from a machine's new `link` to a port of another's bridge, which is made when it is missing. */
  async plug(name: string, link: string, hub: string, bridge: string): Promise<void> {
    const port = `${link}-${name}`.slice(0, 15);
    const has = await command(this.on(hub, ["ip", "link", "show", bridge]));
    if (has.code !== 0) await this.run(hub, `ip link add ${bridge} type bridge`, `ip link set ${bridge} up`);
    await this.run(hub, `ip link add ${port} type veth peer name ${link} netns ${this.#prefix}-${name}`);
    await this.run(hub, `ip link set ${port} master ${bridge} up`);
    await this.run(name, `ip link set ${link} up`);
  }

  async remove(): Promise<void> {
    // It ends with its input, and its mounts with it.
    for (const keeper of this.#keepers.values()) keeper.stdin?.end();
    this.#keepers.clear();
    for (const name of this.#names) {
      await command(["ip", "netns", "del", name]);
      rmSync(`/etc/netns/${name}`, { recursive: true, force: true });
    }
  }
}
