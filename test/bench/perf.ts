import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { must } from "../harness/command.ts";

/**
 * Groups of functions. A sample belongs to the first group that matches a function of its call stack, starting with
 * the innermost.
 */
const groups: [name: string, functions: RegExp][] = [
  ["crypto", /chacha|poly1305|blake2/i],
  [
    "garbage collector",
    /^runtime\.(gc|bgsweep|bgscavenge|scanobject|markroot|greyobject|sweep|\(\*(gc|mspan|sweep|mheap))/,
  ],
  [
    "copies",
    /^(runtime\.(memmove|memclr)|_?copy_(to|from)_(iter|user)|_copy_|rep_movs|memcpy|__memcpy|csum_partial_copy)/,
  ],
  [
    "scheduling",
    /^(finish_task_switch|__schedule|schedule|futex|__x64_sys_(futex|epoll|nanosleep|tgkill)|do_epoll|try_to_wake_up)/,
  ],
  [
    "scheduling",
    /^runtime\.(schedule|findRunnable|mcall|park_m|gopark|goready|ready|futex|chan|send|recv|lock|unlock|semacquire|semrelease|netpoll|epoll|usleep|osyield|mstart|stopm|startm|wakep|resetspinning|runq|selectgo|selectnb|casgstatus|execute|sysmon|exitsyscall|reentersyscall|entersyscall)/,
  ],
  ["scheduling", /^(sync\.|internal\/sync\.|internal\/poll\.\(\*(fdMutex|FD))/],
  ["network stack (softirq)", /do_softirq|handle_softirqs|net_rx_action/],
  ["UDP send", /sys_sendm?msg|sys_sendto/],
  ["UDP receive", /sys_recvm?msg|sys_recvfrom/],
  ["TUN read", /ksys_read|sys_read/],
  ["TUN write", /ksys_write|sys_write/],
  ["other kernel", /^(asm_|do_syscall|entry_|ret_from|irq_|sysvec)/],
  ["data path", /^sag\.software\/native\/internal\/datapath|^sag\.software\/native\/internal\/accesspoint/],
  [
    "datagrams (Go)",
    /^sag\.software\/native\/internal\/engine|^golang\.zx2c4\.com\/wireguard\/conn|^golang\.org\/x\/net/,
  ],
  ["TUN offload (Go)", /^golang\.zx2c4\.com\/wireguard\/tun/],
  ["WireGuard (Go)", /^golang\.zx2c4\.com\/wireguard\/(device|replay)/],
];

/** The order of the groups in tables. */
export const groupNames = [...new Set(groups.map(([name]) => name)), "rest"];

/** The group of a sample; `calls` starts with the innermost function. */
export const groupOf = (calls: string[]): string => {
  for (const call of calls) {
    const found = groups.find(([, functions]) => functions.test(call));
    if (found) return found[0];
  }
  return "rest";
};

/** Samples the processes with perf while a command runs. Needs root and Linux perf. */
export const record = async (pids: number[], file: string, running: string[]): Promise<void> => {
  const args = ["record", "-q", "-F", "1999", "-g", "-p", pids.join(","), "-o", file, "--", ...running];
  await must(["perf", ...args], { limit: 60_000 });
};

/** The shares of groups and functions in the samples of a process. */
export interface Shares {
  groups: Map<string, number>;
  functions: Map<string, number>;
}

/** Parses what `record` wrote, by process. */
export const sharesOf = async (file: string): Promise<Map<number, Shares>> => {
  const child = spawn("perf", ["script", "-i", file, "-F", "pid,ip,sym"], { stdio: ["ignore", "pipe", "ignore"] });
  const ended = new Promise((resolve) => child.once("close", resolve));
  const all = new Map<number, Shares>();
  const totals = new Map<number, number>();
  let pid = 0;
  let calls: string[] = [];
  const take = () => {
    if (calls.length === 0) return;
    const shares = all.get(pid) ?? { groups: new Map(), functions: new Map() };
    all.set(pid, shares);
    count(shares.groups, groupOf(calls));
    count(shares.functions, calls[0] ?? "");
    totals.set(pid, (totals.get(pid) ?? 0) + 1);
    calls = [];
  };
  for await (const line of createInterface({ input: child.stdout })) {
    const header = /^\s*(\d+)\s*$/.exec(line);
    if (header) {
      take();
      pid = Number(header[1]);
    } else if (line.trim() !== "") calls.push(line.trim().replace(/^[0-9a-f]+\s+/, ""));
  }
  take();
  await ended;
  for (const [of, { groups, functions }] of all)
    for (const counted of [groups, functions])
      for (const [name, samples] of counted) counted.set(name, samples / (totals.get(of) ?? 1));
  return all;
};

const count = (into: Map<string, number>, name: string): void => {
  into.set(name, (into.get(name) ?? 0) + 1);
};
