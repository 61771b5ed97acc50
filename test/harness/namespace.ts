import { randomInt } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { command, must } from "./command.ts";

/** A network namespace with one veth pair to this host. Needs root. */
export interface Namespace {
  name: string;
  /** The host's end of the veth pair. */
  host: string;
  /** The namespace's end. */
  inside: string;
  /** Wraps a command so that it runs in the namespace. */
  exec(args: string[]): string[];
  remove(): Promise<void>;
}

/** `resolver`: the namespace's name server; default: the host's end of the veth pair. */
export const createNamespace = async (resolver?: string): Promise<Namespace> => {
  const id = randomInt(0, 1 << 14);
  const name = `sag-${id}`;
  // 198.18.0.0/15 is reserved for benchmarks (RFC 2544); each namespace uses four addresses.
  const base = 0xc6120000 + id * 4;
  const address = (n: number): string => [24, 16, 8, 0].map((shift) => ((base + n) >>> shift) & 0xff).join(".");
  const [host, inside] = [address(1), address(2)];
  const [near, far] = [`sag${id}h`, `sag${id}n`];
  mkdirSync(`/etc/netns/${name}`, { recursive: true });
  // `ip netns exec` mounts this over /etc/resolv.conf.
  writeFileSync(`/etc/netns/${name}/resolv.conf`, `nameserver ${resolver ?? host}\noptions timeout:1 attempts:1\n`);
  await must(["ip", "netns", "add", name]);
  await must(["ip", "link", "add", near, "type", "veth", "peer", "name", far, "netns", name]);
  await must(["ip", "addr", "add", `${host}/30`, "dev", near]);
  await must(["ip", "link", "set", near, "up"]);
  const exec = (args: string[]): string[] => ["ip", "netns", "exec", name, ...args];
  await must(exec(["ip", "link", "set", "lo", "up"]));
  await must(exec(["ip", "addr", "add", `${inside}/30`, "dev", far]));
  await must(exec(["ip", "link", "set", far, "up"]));
  await must(exec(["ip", "route", "add", "default", "via", host]));
  return {
    name,
    host,
    inside,
    exec,
    remove: async () => {
      await command(["ip", "netns", "del", name]);
      await command(["ip", "link", "del", near]);
      rmSync(`/etc/netns/${name}`, { recursive: true, force: true });
    },
  };
};
