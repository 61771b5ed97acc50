import { randomInt } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { command, must } from "../harness/command.ts";

/** Several machines with their cables, each a network namespace. Needs root. */
export class Machines {
  readonly #prefix = `sag-${process.pid}-${randomInt(0, 1 << 16)}`;
  readonly #names = new Set<string>();

  /** Adds a machine with nothing but its loopback. */
  async add(name: string): Promise<void> {
    const full = `${this.#prefix}-${name}`;
    this.#names.add(full);
    mkdirSync(`/etc/netns/${full}`, { recursive: true });
    // `ip netns exec` puts this in place of /etc/resolv.conf: nobody here asks the names of the world outside.
    writeFileSync(`/etc/netns/${full}/resolv.conf`, "nameserver 192.0.2.53\noptions timeout:1 attempts:1\n");
    await must(["ip", "netns", "add", full]);
    await this.run(name, "ip link set lo up");
  }

  /** The command that runs `args` on a machine. */
  on(name: string, args: string[]): string[] {
    return ["ip", "netns", "exec", `${this.#prefix}-${name}`, ...args];
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
    for (const name of this.#names) {
      await command(["ip", "netns", "del", name]);
      rmSync(`/etc/netns/${name}`, { recursive: true, force: true });
    }
  }
}
