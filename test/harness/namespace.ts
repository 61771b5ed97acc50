import { randomInt } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { command, must } from "./command.ts";

/** A second machine, as far as the network goes: a network namespace with one cable to this one. Needs root. */
export interface Namespace {
  name: string;
  /** This machine's end of the cable. */
  host: string;
  /** Its own end. */
  inside: string;
  /** The command that runs `args` there. */
  exec(args: string[]): string[];
  remove(): Promise<void>;
}

/** `resolver`: the name server that programs there ask; default: this machine's end of the cable. */
export const createNamespace = async (resolver?: string): Promise<Namespace> => {
  const id = randomInt(0, 1 << 14);
  const name = `sag-${id}`;
  // 198.18.0.0/15 is for tests between two machines; four addresses each.
  const base = 0xc6120000 + id * 4;
  const address = (n: number): string => [24, 16, 8, 0].map((shift) => ((base + n) >>> shift) & 0xff).join(".");
  const [host, inside] = [address(1), address(2)];
  const [near, far] = [`sag${id}h`, `sag${id}n`];
  mkdirSync(`/etc/netns/${name}`, { recursive: true });
  // `ip netns exec` puts this in place of /etc/resolv.conf.
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
