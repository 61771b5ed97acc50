import { readdirSync, readFileSync, writeFileSync } from "node:fs";

/** Processor time of all threads of the processes, s; the scheduler counts it in ns. */
export const cpuSeconds = (pids: number[]): number => {
  let ns = 0;
  for (const pid of pids)
    for (const thread of readdirSync(`/proc/${pid}/task`))
      ns += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
  return ns / 1e9;
};

/** The most memory that a process has had since `forgetPeak`, MB (VmHWM). */
export const peakMemory = (pid: number): number => {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kilobytes) / 1_000;
};

/** The peak is counted from now on (proc_pid_clear_refs(5)). */
export const forgetPeak = (pid: number): void => writeFileSync(`/proc/${pid}/clear_refs`, "5");
